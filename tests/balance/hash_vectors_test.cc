// The same key goes to the same server as in HAProxy 2.6: vectors/*.tsv, recorded by oracle/hash_vectors.py.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "balance/factory.h"
#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

const std::string kVectors = EVENKEEL_SOURCE_DIR "/tests/balance/vectors/";

std::vector<std::string> lines(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);) out.push_back(part);
  return out;
}

void read_algorithm(const std::string& text, BalanceDef& def) {
  const auto words = split(text, ' ');
  const auto value = [&](std::size_t i) { return static_cast<std::uint32_t>(std::stoul(words[i + 1])); };
  if (words[0] == "uri") def.algorithm = Algorithm::uri;
  if (words[0] == "source") def.algorithm = Algorithm::source;
  if (words[0].starts_with("hdr(")) def.algorithm = Algorithm::hdr;
  if (words[0] == "url_param") def.algorithm = Algorithm::url_param, def.name = words[1];
  if (words[0] == "rdp-cookie") def.algorithm = Algorithm::rdp_cookie, def.name = "mstshash";
  if (words[0] == "hash") def.algorithm = Algorithm::hash;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "len") def.uri_len = value(i);
    if (words[i] == "depth") def.uri_depth = value(i);
    if (words[i] == "whole") def.uri_whole = true;
    if (words[i] == "path-only") def.uri_path_only = true;
    if (words[i] == "use_domain_only") def.use_domain_only = true;
    if (words[i] == "check_post") def.check_post = true;
  }
}

void read_hash_type(const std::string& text, BalanceDef& def) {
  const auto words = split(text, ' ');
  def.hash_method = words[0] == "consistent" ? HashMethod::consistent : HashMethod::map_based;
  if (words[1] == "djb2") def.hash_function = HashFunction::djb2;
  if (words[1] == "wt6") def.hash_function = HashFunction::wt6;
  if (words[1] == "crc32") def.hash_function = HashFunction::crc32;
  def.avalanche = words.size() > 2;
}

std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 'r' || next == 'n' || next == 't')) {
      out += next == 'r' ? '\r' : next == 'n' ? '\n' : '\t';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string rdp_packet(const std::string& line) {
  return std::string("\x03\x00\x00\x20\x1b\xe0\x00\x00\x00\x00\x00", 11) + line + "\r\n";
}

// What the sample fetch req.hdr() yields.
std::string last_element(const std::string& value) {
  std::string last = value.substr(value.rfind(',') + 1);
  return last.substr(std::min(last.find_first_not_of(' '), last.size()));
}

std::string pick_for(Policy& policy, const std::string& kind, const std::string& key) {
  PickContext context;
  Address source;
  const std::string bytes = kind == "rdp" ? rdp_packet(key) : kind == "body" ? unescaped(key) : key;
  if (kind == "uri" || kind == "param") context.target = bytes;
  if (kind == "hdr") context.header = bytes;
  if (kind == "body") context.target = "/", context.body = bytes;
  if (kind == "rdp") context.payload = bytes;
  if (kind == "source") {
    source = *Address::from_ip(bytes, 1);
    context.source = &source;
  }
  const std::string sample = last_element(bytes);
  context.sample = sample;
  return picks(policy, 1, context);
}

struct Row {
  std::string algorithm, hash_type, weights, down, kind, expected;
};

void replay(const Row& row, const std::vector<std::string>& keys) {
  std::vector<std::uint32_t> weights;
  for (const std::string& weight : split(row.weights, ',')) weights.push_back(std::stoul(weight));
  Farm farm(weights);
  if (row.down != "-") farm[std::stoul(row.down)].available = false;
  BalanceDef def;
  read_algorithm(row.algorithm, def);
  read_hash_type(row.hash_type, def);
  const auto policy = make_policy(def, farm.set());
  int wrong = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string mine = pick_for(*policy, row.kind, keys[i]);
    if (mine == row.expected.substr(i, 1)) continue;
    if (++wrong <= 5) {
      ADD_FAILURE() << row.algorithm << " | " << row.hash_type << " | " << row.weights << " | down "
                    << row.down << " | key '" << keys[i] << "' is " << mine << ", HAProxy says "
                    << row.expected[i];
    }
  }
}

class HashVectors : public testing::TestWithParam<const char*> {};

TEST_P(HashVectors, EqualHaproxy) {
  int rows = 0;
  for (const std::string& line : lines(kVectors + GetParam() + ".tsv")) {
    const auto f = split(line, '\t');
    const Row row{f[0], f[1], f[2], f[3], f[4], f[5]};
    const auto keys = lines(kVectors + row.kind + ".keys");
    ASSERT_EQ(keys.size(), row.expected.size());
    replay(row, keys);
    ++rows;
  }
  EXPECT_GT(rows, 0);
}

INSTANTIATE_TEST_SUITE_P(All, HashVectors,
                         testing::Values("uri", "hdr", "param", "body", "hash", "source", "rdp"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace evenkeel::balance
