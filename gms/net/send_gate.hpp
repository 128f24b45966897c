#pragma once

#include <vector>

#include "gms/core/effect.hpp"

namespace gms::net {

/// Holds messages back until what they promise is durable [C11]. One thread.
class SendGate {
 public:
  [[nodiscard]] bool is_open_for(model::PersistSeq after) const { return after <= durable_; }
  /// While a disk stands still its member is asked the same again and again: of acknowledgements
  /// that wait for the same order only the newest is kept, which says all that those before it do.
  void hold(core::Send send) {
    if (!held_.empty() && says_more(send, held_.back())) held_.pop_back();
    held_.push_back(std::move(send));
  }

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
  [[nodiscard]] static bool says_more(const core::Send& newer, const core::Send& older) {
    const auto* now = std::get_if<core::AppendReply>(&newer.message.body);
    const auto* then = std::get_if<core::AppendReply>(&older.message.body);
    return now != nullptr && then != nullptr && newer.after == older.after &&
           newer.message.to == older.message.to && newer.message.epoch == older.message.epoch &&
           now->verdict == core::AppendVerdict::accepted && then->verdict == now->verdict &&
           now->match >= then->match;
  }

  model::PersistSeq durable_;
  std::vector<core::Send> held_;
};

}  // namespace gms::net
