#!/bin/sh
# Makes the part of d3 that bertviz's views need, small enough to travel inside every view. Needs npm; run anywhere.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund d3@5.16.0 esbuild@0.28.2

# What bertviz 1.4.1's head, model and neuron views use of d3. Version 6 is no choice: it took the index out of event handlers.
cat > subset.js <<'J'
export {version} from "d3/package.json";
export {select, selectAll} from "d3-selection";
export {default as scaleOrdinal} from "d3-scale/src/ordinal.js";
export {schemeCategory10} from "d3-scale-chromatic";
export {hsl} from "d3-color";
export {min} from "d3-array";
export {line} from "d3-shape";
J
npx esbuild subset.js --bundle --minify --format=iife --global-name=d3 --target=es2018 --log-level=warning \
    "--banner:js=/*! d3 5.16.0, a subset | BSD-3-Clause, (c) 2010-2018 Michael Bostock | d3js.org */" \
    --outfile="$here/d3-5.16.0.subset.min.js"
cp node_modules/d3/LICENSE "$here/d3-LICENSE.txt"
cd "$here"
sha256sum -- *.min.js
