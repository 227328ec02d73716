# Sourced by what installs packages of Debian, or makes a root of them.

# PACKAGE...: those that are not there, unless KG_INSTALL=no.
install_missing() {
  local missing=() p
  [ "${KG_INSTALL:-yes}" = yes ] || return 0
  for p; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "${0##*/}: these packages are missing; as root: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}" >&2
  apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install \
      -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The mirror that apt uses here.
# shellcheck disable=SC2016 # It is apt that expands it.
debian_mirror() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian/*$' && return
  echo "${0##*/}: apt knows no mirror of Debian: run apt-get update, and see /etc/apt/sources.list" >&2
  return 1
}
