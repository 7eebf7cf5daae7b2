/* Group norm followed by SiLU for bf16 tensors in channels-last order, one thread, AVX-512.
 *
 * Training the autoencoder spends more time in these two than in its convolutions when they are separate operations.
 * x: [n, p, c] (p pixels), c a multiple of 16; `a` and `d` are scale and shift per sample and channel, so that the
 * normalised value is a*x + d. `common.py` builds this file and calls it.
 */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

typedef __m512 V;

static inline V load(const uint16_t *p) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}

static inline void store(uint16_t *p, V v) { _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh(v)); }

/* 1 / (1 + exp(-z)): exp by 2^k times a polynomial of degree 5 on [-1/2, 1/2], relative error below 3e-6. */
static inline V sigmoid(V z) {
    V t = _mm512_mul_ps(z, _mm512_set1_ps(-1.442695041f));
    t = _mm512_min_ps(_mm512_max_ps(t, _mm512_set1_ps(-120.f)), _mm512_set1_ps(120.f));
    V k = _mm512_roundscale_ps(t, 0), r = _mm512_sub_ps(t, k);
    V e = _mm512_set1_ps(1.333355815e-3f);
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(9.618129107e-3f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(5.550410866e-2f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(2.402265069e-1f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(6.931471805e-1f));
    e = _mm512_fmadd_ps(e, r, _mm512_set1_ps(1.f));
    return _mm512_div_ps(_mm512_set1_ps(1.f), _mm512_add_ps(_mm512_set1_ps(1.f), _mm512_scalef_ps(e, k)));
}

/* sum and sum of squares per sample and channel, both [n, c] */
void moments(const uint16_t *x, float *sum, float *square, long n, long p, long c) {
    memset(sum, 0, 4 * n * c), memset(square, 0, 4 * n * c);
    for (long i = 0; i < n; i++)
        for (long q = 0; q < p; q += 64) /* a short run of pixels per channel block stays in the first cache */
            for (long k = 0; k < c; k += 16) {
                V s = _mm512_setzero_ps(), t = s;
                long end = q + 64 < p ? q + 64 : p;
                for (long j = q; j < end; j++) {
                    V v = load(x + (i * p + j) * c + k);
                    s = _mm512_add_ps(s, v), t = _mm512_fmadd_ps(v, v, t);
                }
                float *ps = sum + i * c + k, *pt = square + i * c + k;
                _mm512_storeu_ps(ps, _mm512_add_ps(_mm512_loadu_ps(ps), s));
                _mm512_storeu_ps(pt, _mm512_add_ps(_mm512_loadu_ps(pt), t));
            }
}

void forward(const uint16_t *x, uint16_t *y, const float *a, const float *d, long n, long p, long c, long silu) {
    for (long i = 0; i < n; i++)
        for (long j = 0; j < p; j++)
            for (long k = 0; k < c; k += 16) {
                long at = (i * p + j) * c + k;
                V z = _mm512_fmadd_ps(load(x + at), _mm512_loadu_ps(a + i * c + k), _mm512_loadu_ps(d + i * c + k));
                store(y + at, silu ? _mm512_mul_ps(z, sigmoid(z)) : z);
            }
}

/* the gradient before SiLU */
static inline V through(V dy, V x, V a, V d, long silu) {
    if (!silu) return dy;
    V one = _mm512_set1_ps(1.f), z = _mm512_fmadd_ps(x, a, d), s = sigmoid(z);
    return _mm512_mul_ps(_mm512_mul_ps(dy, s), _mm512_fmadd_ps(z, _mm512_sub_ps(one, s), one));
}

/* sums of the gradient and of gradient times x, both [n, c] */
void backward_sums(const uint16_t *dy, const uint16_t *x, const float *a, const float *d, float *s1, float *s2, long n, long p, long c, long silu) {
    memset(s1, 0, 4 * n * c), memset(s2, 0, 4 * n * c);
    for (long i = 0; i < n; i++)
        for (long q = 0; q < p; q += 64)
            for (long k = 0; k < c; k += 16) {
                V s = _mm512_setzero_ps(), t = s, va = _mm512_loadu_ps(a + i * c + k), vd = _mm512_loadu_ps(d + i * c + k);
                long end = q + 64 < p ? q + 64 : p;
                for (long j = q; j < end; j++) {
                    long at = (i * p + j) * c + k;
                    V v = load(x + at), g = through(load(dy + at), v, va, vd, silu);
                    s = _mm512_add_ps(s, g), t = _mm512_fmadd_ps(g, v, t);
                }
                float *p1 = s1 + i * c + k, *p2 = s2 + i * c + k;
                _mm512_storeu_ps(p1, _mm512_add_ps(_mm512_loadu_ps(p1), s));
                _mm512_storeu_ps(p2, _mm512_add_ps(_mm512_loadu_ps(p2), t));
            }
}

/* dx = a * gradient + b * x + e, with b and e per sample and channel */
void backward(const uint16_t *dy, const uint16_t *x, const float *a, const float *d, const float *b, const float *e, uint16_t *dx, long n, long p, long c, long silu) {
    for (long i = 0; i < n; i++)
        for (long j = 0; j < p; j++)
            for (long k = 0; k < c; k += 16) {
                long at = (i * p + j) * c + k, w = i * c + k;
                V v = load(x + at), va = _mm512_loadu_ps(a + w), g = through(load(dy + at), v, va, _mm512_loadu_ps(d + w), silu);
                store(dx + at, _mm512_fmadd_ps(g, va, _mm512_fmadd_ps(v, _mm512_loadu_ps(b + w), _mm512_loadu_ps(e + w))));
            }
}
