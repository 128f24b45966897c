# Builds TARGETS of SOURCE in FOLDER with the sanitizer SANITIZE, to be built quickly: without the
# checks that are made at each access to memory, which take long to compile.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER} -G Ninja -DGROUPKV_SANITIZE=${SANITIZE}
    -DGROUPKV_SANITIZE_EXCEPT=null,alignment,object-size,vptr -DGROUPKV_BENCHMARKS=OFF
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1)
run(${CMAKE_COMMAND} --build ${FOLDER} --parallel 2 --target ${TARGETS})
