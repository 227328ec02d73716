#!/bin/bash
# What is installed can be used by a program that knows nothing of this tree:
# static and shared, found by pkg-config and by find_package().
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/claims.sh
builds=$(dirname "$(realpath -m "${KG_BUILD:-build/dev}")")
outside=$PWD/tests/e2e/outside

# KIND SHARED: in a tree of its own, as distributed but for the tests.
build_and_install() {
  cmake --preset release -B "$builds/install-$1" -DKG_TESTS=OFF \
    -DBUILD_SHARED_LIBS="$2" -DCMAKE_INSTALL_LIBDIR=lib &&
    cmake --build "$builds/install-$1" -j 2 &&
    cmake --install "$builds/install-$1" --prefix "$scratch/$1"
}

by_pkg_config() { # KIND
  # shellcheck disable=SC2046 # flags are words
  PKG_CONFIG_PATH=$scratch/$1/lib/pkgconfig &&
    export PKG_CONFIG_PATH &&
    cc -Wall -Wextra -Werror "$outside/main.c" -o "$scratch/$1-pc" \
      $(pkg-config --cflags --libs "kubeglean >= 0.1") &&
    prints_the_documents "$1" "$scratch/$1-pc"
}

by_find_package() { # KIND
  cmake -G Ninja -S "$outside" -B "$scratch/$1-cmake" -DCMAKE_PREFIX_PATH="$scratch/$1" &&
    cmake --build "$scratch/$1-cmake" &&
    prints_the_documents "$1" "$scratch/$1-cmake/outside"
}

prints_the_documents() { # KIND PROGRAM
  local want='{"a":[1,2]} is complete
{} is complete' got
  got=$(LD_LIBRARY_PATH=$scratch/$1/lib "$2") || return 1
  [ "$got" = "$want" ] || { echo "got: $got"; return 1; }
}

runs() { # KIND
  "$scratch/$1/bin/kubeglean" version && "$scratch/$1/bin/kubeglean" --help
}

only_ours() {
  ! nm -D --defined-only "$scratch/shared/lib/libkubeglean.so" |
    grep -v ' [A-Z] kg_'
}

echo "1..9"
for kind in static shared; do
  [ $kind = static ] && shared=OFF || shared=ON
  claim "$kind: builds and installs" build_and_install $kind $shared
  claim "$kind: the installed program runs" runs $kind
  claim "$kind: a program finds it by pkg-config" by_pkg_config $kind
  claim "$kind: a program finds it by find_package" by_find_package $kind
done
claim "shared: exports no name but ours" only_ours
exit $failed
