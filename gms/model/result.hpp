#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "gms/model/assert.hpp"

namespace gms::model {

/// What a caller can act on. *Unknown* is never folded into *failed*: `outcome_unknown` means the
/// operation may have happened or may still happen; every other code means it certainly did not.
/// The numbers stand on the wire, to members and to clients.
enum class ErrorCode : std::uint8_t {
  not_leader = 0,
  unavailable = 1,
  timed_out = 2,
  outcome_unknown = 3,
  not_found = 4,
  conflict = 5,
  invalid_argument = 6,
  too_large = 7,
  busy = 8,
  closed = 9,
  corrupt = 10,
  io = 11,
};
inline constexpr ErrorCode kErrorCodeLast = ErrorCode::io;

/// The code's name as users see it, such as `not_leader`.
[[nodiscard]] std::string_view to_string(ErrorCode code);

/// A failure: a code to act on and a sentence for people.
struct Error {
  ErrorCode code = ErrorCode::io;
  std::string detail;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an Error. Member names follow std::expected. Reading the side that is not there is a
/// programmer's error (GMS_ASSERT).
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  [[nodiscard]] T& value() & {
    GMS_ASSERT(has_value(), "Result::value");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& {
    GMS_ASSERT(has_value(), "Result::value");
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    GMS_ASSERT(has_value(), "Result::value");
    return std::move(*std::get_if<0>(&state_));
  }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T value_or(T fallback) const& { return has_value() ? value() : fallback; }

  [[nodiscard]] const Error& error() const {
    GMS_ASSERT(!has_value(), "Result::error");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const { GMS_ASSERT(has_value(), "Result::value"); }
  [[nodiscard]] const Error& error() const {
    GMS_ASSERT(!has_value(), "Result::error");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace gms::model
