// Kernels by name, with the layout of their arguments in the driver's packed form.
#pragma once
#include <stddef.h>
#include <string.h>

#include <type_traits>
#include <utility>

namespace emulator {

struct Kernel {
  const char* name;
  void (*invoke)(const char* packed);
  size_t packedBytes;
  Kernel* next;
};

void registerKernel(Kernel* kernel);
const Kernel* findKernel(const char* name);

template <class... Arguments> constexpr size_t offsetOf(size_t position) {
  const size_t sizes[] = {sizeof(Arguments)..., 0};
  const size_t alignments[] = {alignof(Arguments)..., 1};
  size_t offset = 0;
  for (size_t i = 0;; i++) {
    offset = (offset + alignments[i] - 1) / alignments[i] * alignments[i];
    if (i == position) return offset;
    offset += sizes[i];
  }
}

template <auto Function> struct Invoker;
template <class... Arguments, void (*Function)(Arguments...)> struct Invoker<Function> {
  static constexpr size_t packedBytes = offsetOf<Arguments...>(sizeof...(Arguments));

  template <class T> static T argument(const char* packed, size_t offset) {
    std::remove_const_t<T> value;
    memcpy(&value, packed + offset, sizeof value);
    return value;
  }
  template <size_t... I> static void call(const char* packed, std::index_sequence<I...>) {
    Function(argument<Arguments>(packed, offsetOf<Arguments...>(I))...);
  }
  static void invoke(const char* packed) { call(packed, std::index_sequence_for<Arguments...>{}); }
};

template <auto Function> struct Registration {
  Kernel kernel;
  explicit Registration(const char* name)
      : kernel{name, &Invoker<Function>::invoke, Invoker<Function>::packedBytes, nullptr} {
    registerKernel(&kernel);
  }
};

}  // namespace emulator
