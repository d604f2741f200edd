#!/usr/bin/env bash
# Unpack R, pROC and the libraries that this Debian lacks below .cache/r, without root's rights.
#
# apt resolves and fetches with lists and archives of its own; packages that are installed count.
# Packages are unpacked, not configured: links that their scripts would make are made here, and
# places that R has compiled in are written anew.
set -euo pipefail
cd -P "$(dirname "$0")/.."
for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || exit 1
done
final=$PWD/.cache/r
new=$PWD/.cache/r.new
rm -rf "$new"
mkdir -p "$new"/{lists,archives}/partial "$new/debian" "$new/bin"
trap 'rm -rf "$new"' EXIT

# Without a lock, and as this user: both folders are ours.
apt=(apt-get -qq -o Debug::NoLocking=true -o APT::Sandbox::User=root
    -o Dir::State::Lists="$new/lists" -o Dir::Cache::Archives="$new/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
echo "Unpacking Debian's r-base-core and r-cran-proc below .cache/r (no rights are needed)"
"${apt[@]}" update >/dev/null
"${apt[@]}" install --yes --download-only --no-install-recommends \
    r-base-core r-cran-proc patchelf >/dev/null
for package in "$new"/archives/*.deb; do
    dpkg-deb --extract "$package" "$new/debian"
done

debian=$new/debian
home=$debian/usr/lib/R
machine=$(cd "$debian/usr/lib" && echo *-linux-gnu*)
# Debian chooses one BLAS by links that a script of the package makes; here its folder is named.
libraries=
for folder in "usr/lib/$machine" "lib/$machine" "usr/lib/$machine/blas" "usr/lib/$machine/lapack" usr/lib/R/lib; do
    libraries+=${libraries:+:}$debian/$folder
done
find "$home" -type f \( -name '*.so' -o -path '*/bin/exec/R' \) -print0 |
    LD_LIBRARY_PATH=$libraries xargs -0 "$(PATH="$debian/usr/bin:$PATH" command -v patchelf)" \
        --force-rpath --set-rpath "${libraries//"$new"/"$final"}"
# The settings of R are links to /etc, one of them to a file that a script of the package copies.
for link in "$home"/etc/*; do
    [[ ! -L $link ]] || cp --remove-destination "$debian$(readlink "$link")" "$link" 2>/dev/null || rm "$link"
done
cp "$home/etc/Renviron.ucf" "$home/etc/Renviron"
sed -i "s|^if test .* = \"/usr/lib/R\"; then|if false; then|; s|/usr/lib/R|$final/debian/usr/lib/R|g; s|=/usr/share/R|=$final/debian/usr/share/R|g" \
    "$home/bin/R"
# Rscript has the place of R compiled in; rpy2 calls this one, too.
mv "$home/bin/Rscript" "$home/bin/Rscript.program"
printf '#!/bin/sh\nRHOME="%s" exec "%s" "$@"\n' "$final/debian/usr/lib/R" "$final/debian/usr/lib/R/bin/Rscript.program" >"$home/bin/Rscript"
for program in R Rscript; do
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$final/debian/usr/lib/R/bin/$program" >"$new/bin/$program"
done
chmod +x "$home/bin/Rscript" "$new"/bin/*
rm -rf "$final" "$new"/lists "$new"/archives
mv "$new" "$final"
