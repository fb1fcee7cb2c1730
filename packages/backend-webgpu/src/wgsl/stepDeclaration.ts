/** WGSL of a row; the order of `stepLayout`. */
export const stepDeclaration = `struct Step {
  iteration: u32, batchStart: u32, learningRate: f32, stepSize: f32, seedLow: u32, seedHigh: u32,
  gradientStep: f32, secondMomentScale: f32,
}
@group(1) @binding(0) var<uniform> step: Step;
`;
