// The ABI that MPI 5.0 fixes (chapter 20), over an installed MPICH 4: handles and constants of the ABI in, those of MPICH on. A value that
// the ABI does not have is an error, so that a test sees it. Only what @convoy/distributed calls is there.
//
// Source of the ABI's values: the mpi.h that the MPI Forum publishes with the standard (github.com/mpi-forum/mpi-abi-stubs).
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int errorOfComm = 5, errorOfType = 3, errorOfOp = 10, errorOfArgument = 13;

void* functionOf(const char* name) {
  static void* library = dlopen("libmpich.so.12", RTLD_NOW | RTLD_LOCAL);
  void* found = library ? dlsym(library, name) : nullptr;
  if (!found) {
    std::fprintf(stderr, "MPI ABI over MPICH: no %s: %s\n", name, dlerror());
    std::abort();
  }
  return found;
}

template <typename... Values>
int call(const char* name, Values... values) {
  return reinterpret_cast<int (*)(Values...)>(functionOf(name))(values...);
}

int commOf(uintptr_t comm) { return comm == 0x101 ? 0x44000000 : 0; }

int typeOf(uintptr_t type) {
  switch (type) {
    case 0x210: return 0x4c00040a;  // MPI_FLOAT
    case 0x214: return 0x4c00080b;  // MPI_DOUBLE
    case 0x247: return 0x4c00010d;  // MPI_BYTE
    default: return 0;
  }
}

const void* inputOf(const void* input) { return input == reinterpret_cast<void*>(1) ? reinterpret_cast<void*>(-1) : input; }

/** A request of MPICH is a number; the caller keeps it in the place of a pointer. */
int started(int result, int request, uintptr_t* to) {
  *to = static_cast<uint32_t>(request);
  return result;
}

}  // namespace

extern "C" {

int MPI_Get_library_version(char* text, int* length) {
  call("MPI_Get_library_version", text, length);
  char copy[8192];
  std::snprintf(copy, sizeof copy, "the ABI of MPI 5 over %.8000s", text);
  std::strcpy(text, copy);
  *length = static_cast<int>(std::strlen(text));
  return 0;
}

int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  int level;
  switch (required) {
    case 0: level = 0; break;
    case 1024: level = 1; break;
    case 2048: level = 2; break;
    case 4096: level = 3; break;
    default: return errorOfArgument;
  }
  const int levels[] = {0, 1024, 2048, 4096};
  const int result = call("MPI_Init_thread", argc, argv, level, &level);
  *provided = levels[level];
  return result;
}

int MPI_Comm_rank(uintptr_t comm, int* rank) { return commOf(comm) ? call("MPI_Comm_rank", commOf(comm), rank) : errorOfComm; }

int MPI_Comm_size(uintptr_t comm, int* size) { return commOf(comm) ? call("MPI_Comm_size", commOf(comm), size) : errorOfComm; }

int MPI_Iallreduce(const void* input, void* output, int count, uintptr_t type, uintptr_t op, uintptr_t comm, uintptr_t* request) {
  if (!commOf(comm)) return errorOfComm;
  if (!typeOf(type)) return errorOfType;
  if (op != 0x21) return errorOfOp;
  int own = 0;
  const int sum = 0x58000003;
  const int result = call("MPI_Iallreduce", inputOf(input), output, count, typeOf(type), sum, commOf(comm), &own);
  return started(result, own, request);
}

int MPI_Ibcast(void* values, int count, uintptr_t type, int root, uintptr_t comm, uintptr_t* request) {
  if (!commOf(comm)) return errorOfComm;
  if (!typeOf(type)) return errorOfType;
  int own = 0;
  const int result = call("MPI_Ibcast", values, count, typeOf(type), root, commOf(comm), &own);
  return started(result, own, request);
}

int MPI_Iallgather(const void* input, int count, uintptr_t type, void* output, int outputCount, uintptr_t outputType,
                   uintptr_t comm, uintptr_t* request) {
  if (!commOf(comm)) return errorOfComm;
  if (!typeOf(type) || !typeOf(outputType)) return errorOfType;
  int own = 0;
  const int result =
      call("MPI_Iallgather", inputOf(input), count, typeOf(type), output, outputCount, typeOf(outputType), commOf(comm), &own);
  return started(result, own, request);
}

int MPI_Test(uintptr_t* request, int* flag, void* status) {
  if (status != nullptr) return errorOfArgument;
  int own = static_cast<int>(*request);
  const int result = call("MPI_Test", &own, flag, reinterpret_cast<void*>(1));
  return started(result, own, request);
}

int MPI_Abort(uintptr_t comm, int code) { return call("MPI_Abort", commOf(comm), code); }

int MPI_Finalize() { return call("MPI_Finalize"); }
}
