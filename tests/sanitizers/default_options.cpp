/// The runtimes of the sanitizers ask these functions how to behave; ASAN_OPTIONS, TSAN_OPTIONS and
/// UBSAN_OPTIONS add to what they say. Whatever is found ends the process, with an exit code that
/// is no other's, so that no test can pass beside it.

extern "C" {

const char* __asan_default_options();
const char* __tsan_default_options();
const char* __ubsan_default_options();

const char* __asan_default_options() {
  return "exitcode=66:detect_stack_use_after_return=1:check_initialization_order=1:"
         "strict_string_checks=1";
}

const char* __tsan_default_options() {
  // A deadlock's report says where the other mutexes were locked, too.
  return "exitcode=66:halt_on_error=1:second_deadlock_stack=1:suppressions=" SUPPRESSIONS;
}

const char* __ubsan_default_options() {
  return "exitcode=66:print_stacktrace=1";
}
}
