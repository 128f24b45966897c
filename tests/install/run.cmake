# Installs BUILD below FOLDER, then builds the programs in SOURCE and one of EXAMPLES against it.
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/prefix)
foreach(program kvd kvctl)
  if(EXISTS ${BUILD}/bin/${program})
    run(${FOLDER}/prefix/bin/${program} --version)
  endif()
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER}/build -G Ninja -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_PREFIX_PATH=${FOLDER}/prefix -DEXAMPLES=${EXAMPLES})
run(${CMAKE_COMMAND} --build ${FOLDER}/build)
run(${FOLDER}/build/consumer)
execute_process(COMMAND ldd ${FOLDER}/build/kv_client OUTPUT_VARIABLE libraries
                COMMAND_ERROR_IS_FATAL ANY)
if(libraries MATCHES rocksdb)
  message(FATAL_ERROR "a client needs RocksDB: ${libraries}")
endif()
