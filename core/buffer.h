// Buffers that are held only while there are bytes in them: an idle connection owns none.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel {

// Blocks of one size, kept per worker and handed out last in, first out, so that the block is still in the
// cache. Single thread. A block goes back to the pool that it came from.
class BufferPool {
 public:
  // block_size: tune.bufsize. keep: blocks kept for reuse; further ones go back to the allocator.
  explicit BufferPool(std::size_t block_size, std::size_t keep = 1024)
      : block_size_(block_size), keep_(keep) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  char* take();
  void give(char* block) noexcept;
  [[nodiscard]] std::size_t block_size() const noexcept { return block_size_; }
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

 private:
  std::size_t block_size_;
  std::size_t keep_;
  std::size_t in_use_ = 0;
  std::vector<char*> free_;
};

// A window of bytes [begin, end) in one pooled block. Empty and without a block until reserve().
class Buffer {
 public:
  explicit Buffer(BufferPool& pool) noexcept : pool_(&pool) {}
  Buffer(Buffer&& o) noexcept
      : pool_(o.pool_), block_(std::exchange(o.block_, nullptr)), begin_(o.begin_), end_(o.end_) {}
  Buffer& operator=(Buffer&& o) noexcept {
    if (this != &o) {
      release();
      pool_ = o.pool_;
      block_ = std::exchange(o.block_, nullptr);
      begin_ = o.begin_;
      end_ = o.end_;
    }
    return *this;
  }
  ~Buffer() { release(); }

  void reserve() {
    if (block_ == nullptr) {
      block_ = pool_->take();
      begin_ = end_ = 0;
    }
  }
  void release() noexcept {
    if (block_ != nullptr) pool_->give(std::exchange(block_, nullptr));
    begin_ = end_ = 0;
  }
  [[nodiscard]] bool held() const noexcept { return block_ != nullptr; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return pool_->block_size(); }
  [[nodiscard]] std::string_view view() const noexcept { return {block_ + begin_, end_ - begin_}; }
  [[nodiscard]] std::span<char> bytes() noexcept { return {block_ + begin_, end_ - begin_}; }
  // Free space behind the bytes; reserve() first.
  [[nodiscard]] std::span<char> space() noexcept { return {block_ + end_, pool_->block_size() - end_}; }
  void commit(std::size_t n) noexcept { end_ += n; }
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Moves the bytes to the front of the block, so that space() is as large as it can be. Invalidates views.
  void compact() noexcept {
    if (begin_ == 0) return;
    std::memmove(block_, block_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }

 private:
  BufferPool* pool_;
  char* block_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace evenkeel
