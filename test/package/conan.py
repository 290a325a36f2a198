"""Runs the Conan recipe without Conan.

    conan.py RECIPE ARCHIVE FIND_PACKAGE WORK_DIR CMAKE-ARGUMENT...

RECIPE is the folder with config.yml; ARCHIVE, the project's source archive,
stands in for what the recipe downloads. The recipe's methods are called in
Conan's order, with stand-ins below for the part of Conan's API that it uses.
The package that they make is then used by the recipe's test_package, and by
the project in FIND_PACKAGE, which is left ready to run in WORK_DIR/build.

Shown by this: that the recipe is valid Python and calls what it calls as
documented; that the package has all headers and the license; that settings
which sigfd does not support are refused; that cpp_info is enough to compile
and link. Not shown: that Conan itself agrees, that its Boost does, and
what conan-center-index's own checks say.
"""

import fnmatch
import hashlib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import types

ARCHIVE: pathlib.Path
CMAKE_ARGUMENTS: list


class ConanInvalidConfiguration(Exception):
    pass


class Settings:
    """Of the machine, as settings.compiler.version; each is also text."""

    def __init__(self, text, **parts):
        self.text = text
        self.__dict__.update(parts)

    def __str__(self):
        return self.text

    def __eq__(self, other):
        return self.text == other

    def get_safe(self, name):
        return getattr(self, name, None)


class Version:
    def __init__(self, text):
        self.parts = [int(part) for part in str(text).split(".")]

    def __lt__(self, other):
        return self.parts < Version(other).parts


class CppInfo:
    def __init__(self):
        self.properties = {}
        self.includedirs = ["include"]
        self.libdirs = ["lib"]
        self.bindirs = ["bin"]
        self.requires = []
        self.system_libs = []
        self.libs = []

    def set_property(self, name, value):
        self.properties[name] = value


class ConanFile:
    def __init__(self, folder):
        self.recipe_folder = folder
        self.requirements_made = []
        self.cpp_info = CppInfo()
        self.commands = []

    @property
    def ref(self):
        return f"{self.name}/{self.version}"

    def requires(self, reference, transitive_headers=None):
        self.requirements_made.append((reference, transitive_headers))

    def run(self, command, env):
        assert env == "conanrun"
        subprocess.run([command], check=True, cwd=self.build_folder)


def get(conanfile, url, sha256, strip_root=False):
    assert url.startswith("https://") and url.endswith("/" + ARCHIVE.name), url
    digest = hashlib.sha256(ARCHIVE.read_bytes()).hexdigest()
    assert sha256 in ("0" * 64, digest), f"sha256 is {digest}"
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(conanfile.source_folder)
    if strip_root:
        (root,) = pathlib.Path(conanfile.source_folder).iterdir()
        for path in list(root.iterdir()):
            shutil.move(path, conanfile.source_folder)
        root.rmdir()


def copy(conanfile, pattern, src, dst):
    copied = []
    for folder, _, names in os.walk(src):
        for name in fnmatch.filter(names, pattern):
            path = pathlib.Path(folder, name)
            target = pathlib.Path(dst, path.relative_to(src))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            copied.append(str(target))
    assert copied, f"there is no {pattern} in {src}"
    return copied


def check_min_cppstd(conanfile, oldest):
    standard = conanfile.settings.compiler.get_safe("cppstd")
    if standard and int(standard.removeprefix("gnu")) < oldest:
        raise ConanInvalidConfiguration(f"C++{oldest}")


def basic_layout(conanfile, src_folder):
    conanfile.source_folder = os.path.join(conanfile.base, src_folder)
    os.makedirs(conanfile.source_folder)


def cmake_layout(conanfile):
    conanfile.build_folder = os.path.join(conanfile.base, "test_build")
    conanfile.cpp = types.SimpleNamespace(
        build=types.SimpleNamespace(bindir=conanfile.build_folder))


class CMake:
    def __init__(self, conanfile):
        self.conanfile = conanfile

    def configure(self):
        run("cmake", "-S", self.conanfile.recipe_folder,
            "-B", self.conanfile.build_folder, *CMAKE_ARGUMENTS)

    def build(self):
        run("cmake", "--build", self.conanfile.build_folder)


def run(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}")


STAND_INS = {
    "conan": {"ConanFile": ConanFile},
    "conan.errors":
        {"ConanInvalidConfiguration": ConanInvalidConfiguration},
    "conan.tools": {},
    "conan.tools.build": {"check_min_cppstd": check_min_cppstd,
                          "can_run": lambda conanfile: True},
    "conan.tools.cmake": {"CMake": CMake, "cmake_layout": cmake_layout},
    "conan.tools.files": {"copy": copy, "get": get},
    "conan.tools.layout": {"basic_layout": basic_layout},
    "conan.tools.scm": {"Version": Version},
}


def load(path):
    """The one recipe in a conanfile.py."""
    spec = importlib.util.spec_from_file_location("conanfile", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (recipe,) = [value for value in vars(module).values()
                 if isinstance(value, type) and issubclass(value, ConanFile)
                 and value is not ConanFile]
    return recipe(str(path.parent))


def read_yaml(path):
    """As much of YAML as the two files need: mappings, and text."""
    result = {}
    folders = [result]
    for line in path.read_text().splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.fullmatch(
            r'((?:  )*)("[^"]+"|\w+):(?: ("[^"]*"|\w+))?', line)
        assert match, f"{path}: {line}"
        depth = len(match[1]) // 2
        key = match[2].strip('"')
        assert depth < len(folders), f"{path}: {line}"
        del folders[depth + 1:]
        if match[3] is None:
            folders[depth][key] = {}
            folders.append(folders[depth][key])
        else:
            folders[depth][key] = match[3].strip('"')
    return result


def settings(os="Linux", compiler="gcc", version="12", cppstd="20"):
    return Settings("", os=Settings(os), arch=Settings("x86_64"),
                    build_type=Settings("Release"),
                    compiler=Settings(compiler, version=version,
                                      cppstd=cppstd))


def write_cmake_deps(recipe, folder):
    """What Conan's generator CMakeDeps makes of cpp_info, as far as used."""
    info = recipe.cpp_info
    assert not info.libs and not info.libdirs and not info.bindirs
    assert info.requires == ["boost::headers"]
    target = info.properties["cmake_target_name"]
    includes = [f"{recipe.package_folder}/{name}" for name in info.includedirs]
    path = folder / f"{info.properties['cmake_file_name']}-config.cmake"
    path.write_text(
        "find_package(Boost REQUIRED)\n"
        f"add_library({target} INTERFACE IMPORTED)\n"
        f"target_include_directories({target} INTERFACE {' '.join(includes)})\n"
        f"target_link_libraries({target} INTERFACE Boost::headers\n"
        f"  {' '.join(info.system_libs)})\n")
    path.with_name(f"{path.stem}-version.cmake").write_text(
        "set(PACKAGE_VERSION_COMPATIBLE TRUE)\n")


def main():
    global ARCHIVE, CMAKE_ARGUMENTS
    folder, archive, find_package, work, *arguments = sys.argv[1:]
    folder, ARCHIVE = pathlib.Path(folder), pathlib.Path(archive)
    work = pathlib.Path(work)
    deps = work / "deps"
    deps.mkdir()
    # CMakeToolchain sets the standard, from the settings.
    CMAKE_ARGUMENTS = [*arguments, f"-Dsigfd_DIR={deps}",
                       "-DCMAKE_CXX_STANDARD=20"]

    for name, contents in STAND_INS.items():
        module = types.ModuleType(name)
        module.__dict__.update(contents)
        sys.modules[name] = module

    ((version, entry),) = read_yaml(folder / "config.yml")["versions"].items()
    recipe_folder = folder / entry["folder"]
    recipe = load(recipe_folder / "conanfile.py")
    recipe.version = version
    recipe.conan_data = read_yaml(recipe_folder / "conandata.yml")
    recipe.base = str(work)
    recipe.package_folder = str(work / "package")
    recipe.info = types.SimpleNamespace(clear=lambda: None)

    for refused in (settings(os="Windows"), settings(cppstd="17"),
                    settings(version="10"),
                    settings(compiler="clang", version="13")):
        recipe.settings = refused
        try:
            recipe.validate()
        except ConanInvalidConfiguration:
            pass
        else:
            sys.exit(f"not refused: {vars(refused)}")
    for accepted in (settings(compiler="clang", version="14"),
                     settings(version="11", cppstd="gnu23"),
                     settings(cppstd=None), settings()):
        recipe.settings = accepted
        recipe.validate()

    recipe.layout()
    recipe.requirements()
    assert [made for made in recipe.requirements_made
            if made[0].startswith("boost/") and made[1]]
    recipe.source()
    recipe.package()
    recipe.package_id()
    recipe.package_info()

    package = pathlib.Path(recipe.package_folder)
    source = pathlib.Path(recipe.source_folder)
    assert (package / "licenses/LICENSE").is_file()
    files = {path.relative_to(package / "include")
             for path in (package / "include").rglob("*") if path.is_file()}
    expected = {path.relative_to(source / "include")
                for path in (source / "include").rglob("*") if path.is_file()}
    assert files == expected, files ^ expected

    write_cmake_deps(recipe, deps)
    user = load(recipe_folder / "test_package" / "conanfile.py")
    user.base = str(work)
    user.tested_reference_str = recipe.ref
    user.layout()
    user.requirements()
    assert user.requirements_made == [(recipe.ref, None)]
    user.build()
    user.test()

    run("cmake", "-S", find_package, "-B", str(work / "build"),
        *CMAKE_ARGUMENTS)
    run("cmake", "--build", str(work / "build"))


main()
