# Sourced by the set-up scripts.
# may_install: whether this user may install Debian packages.
may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }
}

# apt_install WHY PACKAGE... installs Debian packages, or ends with one sentence.
apt_install() {
    local why=$1 as_root
    shift
    if ! command -v apt-get >/dev/null; then
        echo "$why; install what Debian calls: $*" >&2
        exit 1
    elif ! may_install; then
        echo "$why; ask an administrator for: apt-get install --no-install-recommends $*" >&2
        exit 1
    fi
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    echo "Installing $*"
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
