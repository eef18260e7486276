#include <iostream>
#include <sys/socket.h>

int main()
{
    std::cout << socket(AF_INET, SOCK_STREAM, 0) << std::endl;
}
