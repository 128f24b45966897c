#pragma once

namespace gms::model {

/// Reports a broken invariant on stderr and aborts. Never returns. Any thread.
[[noreturn]] void assertion_failed(const char* expression, const char* rule, const char* file,
                                   int line);

}  // namespace gms::model

/// Checks a programmer's assumption, in release builds too. `rule` names the rule or invariant of
/// docs/invariants.md that the check stands for. Bytes from outside never reach one of these.
#define GMS_ASSERT(condition, rule)                                         \
  do {                                                                      \
    if (!(condition)) [[unlikely]]                                          \
      ::gms::model::assertion_failed(#condition, rule, __FILE__, __LINE__); \
  } while (false)
