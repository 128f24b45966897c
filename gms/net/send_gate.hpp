#pragma once

#include <vector>

#include "gms/core/effect.hpp"

namespace gms::net {

/// Holds messages back until what they promise is durable [C11]. One thread.
class SendGate {
 public:
  [[nodiscard]] bool is_open_for(model::PersistSeq after) const { return after <= durable_; }
  void hold(core::Send send) { held_.push_back(std::move(send)); }

  /// Every order up to `seq` is durable: hands what waited for it to `release`, in the order in
  /// which it came.
  template <class Release>
  void open(model::PersistSeq seq, Release release) {
    durable_ = seq;
    for (const core::Send& send : held_)
      if (is_open_for(send.after)) release(send.message);
    std::erase_if(held_, [this](const core::Send& send) { return is_open_for(send.after); });
  }

  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  model::PersistSeq durable_;
  std::vector<core::Send> held_;
};

}  // namespace gms::net
