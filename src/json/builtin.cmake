# Writes OUT, C source with the profiles of the folder PROFILES as they stand.
cmake_minimum_required(VERSION 3.25)
file(GLOB files ${PROFILES}/*.yaml)
list(SORT files)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  string(MAKE_C_IDENTIFIER "${name}" id)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND texts "static const unsigned char ${id}[] = {${bytes}};\n")
  string(APPEND table
    "    {\"${name}\", {(const char *)${id}, sizeof(${id})}},\n")
endforeach()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT
"#include \"kubeglean/profile.h\"

@texts@
const struct kg_builtin kg_profile_builtins[] = {
@table@};
const size_t kg_profile_n_builtins =
    sizeof(kg_profile_builtins) / sizeof(kg_profile_builtins[0]);
")
