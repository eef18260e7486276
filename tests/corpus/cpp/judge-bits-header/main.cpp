#include <bits/stdc++.h>
using namespace std;

int main()
{
    vector<string> words = {"pear", "apple", "fig"};
    sort(begin(words), end(words));
    for (auto &w : words)
        cout << w << ' ';
    cout << accumulate(begin(words), end(words), string()).size() << endl;
}
