/*
 * WebGPU's flags by value (https://www.w3.org/TR/webgpu/#buffer-usage): in Node they are not globals, and a library must not
 * add globals.
 */
export const bufferUsage = {
  mapRead: 0x0001,
  copySource: 0x0004,
  copyDestination: 0x0008,
  uniform: 0x0040,
  storage: 0x0080,
} as const;

export const mapModeRead = 0x0001;

export const shaderStageCompute = 0x4;
