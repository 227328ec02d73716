/* SPDX-License-Identifier: MIT */
#include "inflate.h"

#include <bzlib.h>
#include <zlib.h>

#include "kubeglean/heap.h"
#include "kubeglean/reader.h"

enum { GZIP_ALONE = 16 }; /* Of inflateInit2(), beside the window's bits. */

/* --- memory --------------------------------------------------------------------- */

static void *take_for_zlib(void *unused, unsigned n, unsigned size)
{
    (void)unused;
    return kg_alloc((size_t)n * size);
}

static void *take_for_bzip2(void *unused, int n, int size)
{
    (void)unused;
    return kg_alloc((size_t)n * (size_t)size);
}

static void give_back(void *unused, void *ptr)
{
    (void)unused;
    kg_free(ptr);
}

/* --- gzip ----------------------------------------------------------------------- */

static bool begin_gzip(z_stream *z)
{
    z->zalloc = take_for_zlib;
    z->zfree = give_back;
    return inflateInit2(z, MAX_WBITS + GZIP_ALONE) == Z_OK;
}

static enum kg_errc run_gzip(z_stream *z, struct kg_str *in, char *out,
                             size_t out_len, size_t *ret_len)
{
    int code;

    z->next_in = (z_const Bytef *)in->ptr;
    z->avail_in = (unsigned)in->len;
    z->next_out = (Bytef *)out;
    z->avail_out = (unsigned)out_len;
    code = inflate(z, Z_NO_FLUSH);
    *in = kg_str_of((const char *)z->next_in, z->avail_in);
    *ret_len = out_len - z->avail_out;
    switch (code) {
    case Z_OK:
    case Z_BUF_ERROR: /* There was nothing to do. */
        return KG_OK;
    case Z_STREAM_END:
        return KG_ECLOSED;
    case Z_MEM_ERROR:
        return KG_ENOMEM;
    default:
        return KG_EDATA;
    }
}

/* --- bzip2 ---------------------------------------------------------------------- */

static bool begin_bzip2(bz_stream *b)
{
    b->bzalloc = take_for_bzip2;
    b->bzfree = give_back;
    return BZ2_bzDecompressInit(b, /* verbosity= */ 0, /* small= */ 0) == BZ_OK;
}

static enum kg_errc run_bzip2(bz_stream *b, struct kg_str *in, char *out,
                              size_t out_len, size_t *ret_len)
{
    int code;

    b->next_in = (char *)in->ptr; /* Which it only reads. */
    b->avail_in = (unsigned)in->len;
    b->next_out = out;
    b->avail_out = (unsigned)out_len;
    code = BZ2_bzDecompress(b);
    *in = kg_str_of(b->next_in, b->avail_in);
    *ret_len = out_len - b->avail_out;
    switch (code) {
    case BZ_OK:
        return KG_OK;
    case BZ_STREAM_END:
        return KG_ECLOSED;
    case BZ_MEM_ERROR:
        return KG_ENOMEM;
    default:
        return KG_EDATA;
    }
}

/* --- either --------------------------------------------------------------------- */

enum kg_errc kg_inflate_begin(struct kg_inflate *i, enum kg_packing packing)
{
    bool gzip = packing == KG_PACKING_GZIP;

    i->stream = kg_calloc(1, gzip ? sizeof(z_stream) : sizeof(bz_stream));
    if (i->stream == NULL) {
        return KG_ENOMEM;
    }
    if (!(gzip ? begin_gzip(i->stream) : begin_bzip2(i->stream))) {
        kg_free(i->stream);
        return KG_ENOMEM;
    }
    i->packing = packing;
    return KG_OK;
}

void kg_inflate_end(struct kg_inflate *i)
{
    if (i->packing == KG_PACKING_GZIP) {
        (void)inflateEnd(i->stream);
    } else if (i->packing == KG_PACKING_BZIP2) {
        (void)BZ2_bzDecompressEnd(i->stream);
    }
    if (i->packing != KG_PACKING_NONE) {
        kg_free(i->stream);
    }
    i->packing = KG_PACKING_NONE;
}

enum kg_errc kg_inflate_run(struct kg_inflate *i, struct kg_str *in, char *out,
                            size_t out_len, size_t *ret_len)
{
    return i->packing == KG_PACKING_GZIP
               ? run_gzip(i->stream, in, out, out_len, ret_len)
               : run_bzip2(i->stream, in, out, out_len, ret_len);
}

const char *kg_reader_gzip_version(void)
{
    return zlibVersion();
}

const char *kg_reader_bzip2_version(void)
{
    return BZ2_bzlibVersion();
}
