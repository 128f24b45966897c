#include <string>
#include <vector>

#include "client/kvctl/context.hpp"

int main(int count, char** words) {
  const std::vector<std::string> line(words + 1, words + count);
  return static_cast<int>(kvctl::run(line, kvctl::Ending::at_once));
}
