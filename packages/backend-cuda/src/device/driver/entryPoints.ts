/**
 * The functions of the driver library that are used, with their argument types as koffi writes them. Names end in the
 * version suffix that the headers of the CUDA toolkit put there with a macro. Every one returns a CUresult.
 */
export const entryPoints = {
  cuInit: ["uint"],
  cuDriverGetVersion: ["void *"],
  cuDeviceGetCount: ["void *"],
  cuDeviceGet: ["void *", "int"],
  cuDeviceGetName: ["void *", "int", "int"],
  cuDeviceGetAttribute: ["void *", "int", "int"],
  cuDeviceTotalMem_v2: ["void *", "int"],
  cuDevicePrimaryCtxRetain: ["void *", "int"],
  cuDevicePrimaryCtxRelease_v2: ["int"],
  cuCtxSetCurrent: ["uint64"],
  cuModuleLoadData: ["void *", "void *"],
  cuModuleUnload: ["uint64"],
  cuModuleGetFunction: ["void *", "uint64", "str"],
  cuMemAlloc_v2: ["void *", "uint64"],
  cuMemFree_v2: ["uint64"],
  cuMemGetInfo_v2: ["void *", "void *"],
  cuMemAllocHost_v2: ["void *", "uint64"],
  cuMemFreeHost: ["uint64"],
  cuMemcpyHtoDAsync_v2: ["uint64", "void *", "uint64", "uint64"],
  cuMemcpyDtoHAsync_v2: ["uint64", "uint64", "uint64", "uint64"],
  cuMemsetD8Async: ["uint64", "uint8", "uint64", "uint64"],
  cuLaunchKernel: ["uint64", "uint", "uint", "uint", "uint", "uint", "uint", "uint", "uint64", "uint64", "uint64"],
  cuStreamCreate: ["void *", "uint"],
  cuStreamDestroy_v2: ["uint64"],
  cuStreamSynchronize: ["uint64"],
  cuStreamWaitEvent: ["uint64", "uint64", "uint"],
  cuStreamBeginCapture_v2: ["uint64", "int"],
  cuStreamEndCapture: ["uint64", "void *"],
  cuGraphInstantiateWithFlags: ["void *", "uint64", "uint64"],
  cuGraphLaunch: ["uint64", "uint64"],
  cuGraphDestroy: ["uint64"],
  cuGraphExecDestroy: ["uint64"],
  cuEventCreate: ["void *", "uint"],
  cuEventRecord: ["uint64", "uint64"],
  cuEventQuery: ["uint64"],
  cuEventDestroy_v2: ["uint64"],
  cuGetErrorName: ["int", "void *"],
} as const;

/** Functions that newer drivers have; nothing depends on them. */
export const optionalEntryPoints = {
  /** From CUDA 12.4 on: loads a kernel now that the driver would load when it is first launched. */
  cuFuncLoad: ["uint64"],
} as const;

export type EntryPoint = keyof typeof entryPoints;

export type OptionalEntryPoint = keyof typeof optionalEntryPoints;
