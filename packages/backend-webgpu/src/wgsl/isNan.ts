/** WGSL function: whether a number is NaN, by its bits, as WGSL lets compilers assume that there is none. */
export const isNanDeclaration = `fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
`;
