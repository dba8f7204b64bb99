// The converters, one function per family, each in the file of its name.
#pragma once

#include <span>

#include "rules/catalog.h"

namespace evenkeel::rules::converter {

std::span<const ConverterSpec> text() noexcept;        // lower upper length concat strcmp ltrim ...
std::span<const ConverterSpec> parts() noexcept;       // field word bytes param host_only language ...
std::span<const ConverterSpec> number() noexcept;      // add sub mul ... and or xor not odd even
std::span<const ConverterSpec> hash() noexcept;        // crc32 djb2 sdbm wt6 xxh32 ...
std::span<const ConverterSpec> encode() noexcept;      // base64 hex htonl be2dec ...
std::span<const ConverterSpec> url() noexcept;         // url_dec url_enc
std::span<const ConverterSpec> regsub() noexcept;      // regsub
std::span<const ConverterSpec> ip() noexcept;          // ipmask
std::span<const ConverterSpec> date() noexcept;        // ltime utime http_date ...
std::span<const ConverterSpec> json() noexcept;        // json
std::span<const ConverterSpec> map() noexcept;         // map map_beg ... map_regm
std::span<const ConverterSpec> variable() noexcept;    // set-var unset-var
std::span<const ConverterSpec> aes() noexcept;         // aes_gcm_enc aes_gcm_dec aes_cbc_enc aes_cbc_dec
std::span<const ConverterSpec> fix() noexcept;         // fix_is_valid fix_tag_value
std::span<const ConverterSpec> json_query() noexcept;  // json_query
std::span<const ConverterSpec> jwt() noexcept;         // jwt_header_query jwt_verify jwt_decrypt_secret ...
std::span<const ConverterSpec> lookup() noexcept;      // nbsrv srv_is_up capture-req when ...
std::span<const ConverterSpec> mqtt() noexcept;        // mqtt_is_valid mqtt_field_value
std::span<const ConverterSpec> packet() noexcept;      // eth.* ip.* tcp.*
std::span<const ConverterSpec> protobuf() noexcept;    // protobuf ungrpc
std::span<const ConverterSpec> rfc7239() noexcept;     // rfc7239_*
std::span<const ConverterSpec> debugging() noexcept;  // debug
std::span<const ConverterSpec> x509() noexcept;        // x509_v_err_str
std::span<const ConverterSpec> crypto() noexcept;      // sha1 sha2 digest hmac secure_memcmp

}  // namespace evenkeel::rules::converter
