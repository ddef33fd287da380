// libFuzzer, as `-sanitize=fuzzer` links it.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Runs the fuzzer with its command line until it ends; `entry` gets one input after the other.
///
/// Source: LLVM's "libFuzzer", section "Using libFuzzer as a library".
int LLVMFuzzerRunDriver(int *argument_count, char ***arguments, int (*entry)(const uint8_t *data, size_t size));
