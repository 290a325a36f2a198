# A release's archive cannot name its own digest: cmake/release writes a copy of
# this file that has it, and the place of the archive. How far the port is
# checked is said in test/package/vcpkg.cmake: not by vcpkg itself.
vcpkg_download_distfile(ARCHIVE
    URLS "https://sigfd.example/releases/download/v${VERSION}/sigfd-${VERSION}.tar.gz"
    FILENAME "sigfd-${VERSION}.tar.gz"
    SHA512 0
)
vcpkg_extract_source_archive(SOURCE_PATH
    ARCHIVE "${ARCHIVE}"
)

# Headers only: there is nothing to build twice.
set(VCPKG_BUILD_TYPE release)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DSIGFD_BUILD_TESTS=OFF
        -DSIGFD_BUILD_EXAMPLES=OFF
        -DSIGFD_BUILD_TOOLS=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/sigfd)
vcpkg_fixup_pkgconfig()

# vcpkg has its own place for the license.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
file(INSTALL "${CURRENT_PORT_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
