# Tests that `program`, built with a sanitizer, ends at what that is for. Arguments that follow are
# properties of the tests.
function(groupkv_notices sanitizer program)
  set(address overflow undefined)
  set(thread race)
  set(overflow "AddressSanitizer: heap-buffer-overflow")
  set(undefined "signed integer overflow")
  set(race "ThreadSanitizer: data race")
  foreach(what IN LISTS ${sanitizer})
    add_test(NAME sanitizers.${sanitizer}.notices_${what}
             COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/run ${program} ${what})
    set_tests_properties(sanitizers.${sanitizer}.notices_${what} PROPERTIES
                         LABELS sanitizers TIMEOUT 60 PASS_REGULAR_EXPRESSION ${${what}} ${ARGN})
  endforeach()
endfunction()
