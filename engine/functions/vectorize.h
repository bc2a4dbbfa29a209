#pragma once

/// Marks a kernel whose loops run over neighbouring doubles: it is compiled once for every processor of its kind and once for those
/// with AVX2, and the one that fits is chosen when the program starts. The wide one has no fused multiply-add, so both give the same
/// bits. Sanitizers cannot work with a choice made before they are awake.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TOCSIN_VECTORIZED __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define TOCSIN_VECTORIZED
#endif
