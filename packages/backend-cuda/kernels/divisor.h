// Division by a number that is known when a plan is compiled, as a multiplication.
//
// Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, figure 4.1, for dividends
// below 2^31: the sum cannot overflow.
#pragma once
#include "platform.h"

struct Divisor {
  uint32_t divisor;
  uint32_t multiplier;
  uint32_t shift;
};

DEVICE uint32_t quotient(uint32_t dividend, const Divisor& by) {
  return (__umulhi(dividend, by.multiplier) + dividend) >> by.shift;
}

DEVICE uint32_t modulo(uint32_t dividend, const Divisor& by) {
  return dividend - quotient(dividend, by) * by.divisor;
}
