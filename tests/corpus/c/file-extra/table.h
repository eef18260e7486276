#define TABLE_SIZE 17
