import { unrolled } from "./shader.js";

/**
 * WGSL function `threefry(key: vec2u, counter: vec2u) -> vec2u`: two random words of Threefry-2x32 with 20 rounds. Salmon et
 * al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; the same code as core's, unrolled.
 */
export const threefryDeclaration: string = declaration();

function declaration(): string {
  const rotations = [13, 15, 26, 6, 17, 29, 16, 24];
  const rounds = unrolled(20, (round) => {
    const rotation = rotations[round % 8]!;
    const mix = `x.x += x.y; x.y = ((x.y << ${rotation}u) | (x.y >> ${32 - rotation}u)) ^ x.x;`;
    const injection = (round + 1) / 4;
    const inject = `x += vec2u(keys[${injection % 3}], keys[${(injection + 1) % 3}] + ${injection}u);`;
    return `  ${mix}${Number.isInteger(injection) ? ` ${inject}` : ""}`;
  });
  return `fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let keys = array<u32, 3>(key.x, key.y, 0x1bd11bdau ^ key.x ^ key.y);
  var x = counter + key;
${rounds}
  return x;
}
`;
}
