// Tries the inputs that are kept, without libFuzzer: each argument is a file,
// or a folder of files.

#include "target.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

namespace {

void collect(const std::filesystem::path& path,
    std::vector<std::filesystem::path>& files)
{
  if (!std::filesystem::is_directory(path))
    files.push_back(path);
  else
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.path().filename() != ".gitkeep")
        files.push_back(entry.path());
}

bool replay(const std::filesystem::path& path)
{
  std::ifstream file(path, std::ios::binary);
  if (!file)
  {
    std::cerr << "cannot read " << path << '\n';
    return false;
  }
  // Named before it is tried: it may be what ends the process.
  std::cout << path.string() << std::endl;
  const std::vector<char> text(std::istreambuf_iterator<char>(file), {});
  const std::vector<std::uint8_t> data(text.begin(), text.end());
  LLVMFuzzerTestOneInput(data.data(), data.size());
  return true;
}

} // namespace

int main(int argc, char* argv[])
{
  LLVMFuzzerInitialize(&argc, &argv);
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i)
    collect(argv[i], files);
  std::sort(files.begin(), files.end());
  for (const auto& file : files)
    if (!replay(file))
      return 1;
  std::cout << files.size() << " inputs, nothing wrong" << std::endl;
  return files.empty() ? 1 : 0;
}
