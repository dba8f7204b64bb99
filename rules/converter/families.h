// The converters, one function per family, each in the file of its name.
#pragma once

#include <span>

#include "rules/catalog.h"

namespace evenkeel::rules::converter {

std::span<const ConverterSpec> text() noexcept;      // lower upper length concat strcmp ltrim ...
std::span<const ConverterSpec> parts() noexcept;     // field word bytes param host_only language ...
std::span<const ConverterSpec> number() noexcept;    // add sub mul ... and or xor not odd even
std::span<const ConverterSpec> hash() noexcept;      // crc32 djb2 sdbm wt6 xxh32 ...
std::span<const ConverterSpec> encode() noexcept;    // base64 hex htonl be2dec ...
std::span<const ConverterSpec> url() noexcept;       // url_dec url_enc
std::span<const ConverterSpec> regsub() noexcept;    // regsub
std::span<const ConverterSpec> ip() noexcept;        // ipmask rfc7239_*
std::span<const ConverterSpec> date() noexcept;      // ltime utime http_date ...
std::span<const ConverterSpec> json() noexcept;      // json
std::span<const ConverterSpec> map() noexcept;       // map map_beg ... map_regm
std::span<const ConverterSpec> variable() noexcept;  // set-var unset-var
std::span<const ConverterSpec> crypto() noexcept;    // sha1 sha2 digest hmac secure_memcmp

}  // namespace evenkeel::rules::converter
