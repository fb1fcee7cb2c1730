// Compiles the kernels: PTX for every driver into prebuilt/ (committed), machine code for each architecture into cubins/
// (published, not committed), with what the machine code uses of the device. Needs the CUDA toolkit.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import {
  attempts,
  compilePtx,
  nvccOptions,
  nvccRelease,
  ptxVersion,
  resourcesOf,
  runTool,
  toolkitFolder,
} from "./nvcc.mjs";
import { hashesOf, kernelSources, packageRoot, sha256 } from "./sources.mjs";

// As in src/device/images/chooseImage.ts.
const architectures = [80, 86, 89, 90, 100, 120];

/**
 * Hash of each image before it is compressed: what is loaded must be what was made here.
 * @type {Record<string, string>}
 */
const images = {};

/** @param {string} name @param {Uint8Array} content */
function writeImage(name, content) {
  images[name] = sha256(content);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  writeFileSync(join(packageRoot, name), brotliCompressSync(content, { params }));
}

const toolkit = toolkitFolder();
if (!toolkit) {
  process.stderr.write("No nvcc found. Install the CUDA toolkit (13 or later), or set CUDA_HOME.\n");
  process.exit(1);
}
const work = mkdtempSync(join(tmpdir(), "convoy-kernels-"));
mkdirSync(join(packageRoot, "prebuilt"), { recursive: true });
mkdirSync(join(packageRoot, "cubins"), { recursive: true });
try {
  const ptxFile = join(work, "convoy.ptx");
  let ptx = compilePtx(toolkit);
  // nvcc may mark wide loads in a way that only newer PTX has.
  for (let attempt = 1; attempt < attempts && ptx.includes("used_bytes_mask"); attempt++) {
    ptx = compilePtx(toolkit, attempt);
  }
  writeFileSync(ptxFile, ptx);
  writeImage("prebuilt/convoy.ptx.br", Buffer.from(ptx));

  /** @type {Record<string, ReturnType<typeof resourcesOf>>} */
  const resources = {};
  for (const architecture of architectures) {
    const name = `sm_${architecture}`;
    const cubin = join(work, `${name}.cubin`);
    resources[name] = resourcesOf(runTool(toolkit, "ptxas", ["-v", `-arch=${name}`, ptxFile, "-o", cubin]));
    writeImage(`cubins/convoy.${name}.cubin.br`, readFileSync(cubin));
    const kernels = Object.values(resources[name]);
    const spilling = kernels.filter((text) => !text.includes(" 0 bytes spilled")).length;
    process.stdout.write(`${name}: ${kernels.length} kernels, ${spilling} with spills\n`);
  }
  const manifest = {
    nvcc: nvccRelease(toolkit),
    options: nvccOptions.join(" "),
    ptxVersion,
    images,
    sources: hashesOf(kernelSources()),
    resources,
  };
  writeFileSync(join(packageRoot, "prebuilt/manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
} finally {
  rmSync(work, { recursive: true });
}
