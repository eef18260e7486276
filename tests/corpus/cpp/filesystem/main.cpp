#include <filesystem>
#include <fstream>
#include <iostream>

int main()
{
    namespace fs = std::filesystem;
    fs::create_directories("/work/a/b/c");
    std::ofstream("/work/a/b/c/file") << "text";
    std::cout << fs::file_size("/work/a/b/c/file") << ' ' << fs::remove_all("/work/a") << '\n';
}
