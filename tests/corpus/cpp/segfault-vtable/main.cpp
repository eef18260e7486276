struct base {
    virtual int value() = 0;
};

int main()
{
    base *volatile object = nullptr;
    return object->value();
}
