// SPDX-License-Identifier: MIT
// Start-up code for programs on a Cortex-M4 in QEMU, which tests/scripts/header_export.py links.
// The C library's own (rdimon.specs) expects a debugger to set the stack and to enable the FPU.

extern "C" void _start();

extern "C" void reset() {
  *reinterpret_cast<volatile unsigned*>(0xE000ED88) |= 0xFU << 20;  // CPACR: full access to the FPU
  asm volatile("dsb\n isb");
  _start();
}

// The linker places it at address 0, where the processor reads its first stack pointer and address.
struct Vectors {
  unsigned stack;
  void (*reset)();
};
extern const Vectors vectors;
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors = {0x00400000, reset};
