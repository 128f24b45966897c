// Does on purpose what sanitizers exist for, so that it is known that a build has them.

#include <iostream>
#include <limits>
#include <string_view>
#include <thread>
#include <vector>

namespace {

int beyond_the_end(std::size_t count) {
  const std::vector<int> numbers(count);
  return numbers.data()[count];
}

int larger_than_an_int(int number) {
  return std::numeric_limits<int>::max() + number;
}

int of_two_threads_at_once() {
  int number = 0;
  std::thread other([&number] { ++number; });
  ++number;
  other.join();
  return number;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what == "overflow") std::cout << beyond_the_end(static_cast<std::size_t>(argc)) << '\n';
  if (what == "undefined") std::cout << larger_than_an_int(argc) << '\n';
  if (what == "race") std::cout << of_two_threads_at_once() << '\n';
  return 0;
}
