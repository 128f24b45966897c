#include "gms/core/multicast_outbox.hpp"

namespace gms::core {

using namespace model;

void MulticastOutbox::number(EntryRunBuilder& drafts) {
  drafts.number_multicasts({self_, boot_, last_.next()});
  last_ = last_ + drafts.count();
}

void MulticastOutbox::keep(Ticket first, std::size_t count, Payload drafts) {
  spans_.push_back({(last_ - count).next(), count, first});
  count_ += count;
  bytes_ += drafts.size();
  batches_.push_back(std::move(drafts));
}

bool MulticastOutbox::holds(const MulticastHeader& header) const {
  const bool own = header.sender == self_ && header.boot == boot_;
  return own && header.seq > last_ - count_ && header.seq <= last_;
}

std::vector<std::pair<Ticket, std::uint64_t>> MulticastOutbox::abandon() {
  std::vector<std::pair<Ticket, std::uint64_t>> out;
  // Of the oldest span the first may be delivered already: the counts tell how many are.
  std::uint64_t total = 0;
  for (const Span& span : spans_) total += span.count;
  std::uint64_t gone = total - count_;
  for (const Span& span : spans_) {
    out.emplace_back(span.ticket + gone, span.count - gone);
    gone = 0;
  }
  spans_.clear();
  batches_.clear();
  count_ = bytes_ = 0;
  return out;
}

std::vector<std::pair<Ticket, std::uint64_t>> MulticastOutbox::delivered_up_to(MulticastSeq seq) {
  std::vector<std::pair<Ticket, std::uint64_t>> out;
  while (count_ > 0 && (last_ - count_).next() <= seq) {
    const MulticastSeq next = (last_ - count_).next();
    const Ticket ticket = delivered({self_, boot_, next});
    if (!out.empty() && out.back().first + out.back().second == ticket)
      ++out.back().second;
    else
      out.emplace_back(ticket, 1);
  }
  return out;
}

Ticket MulticastOutbox::delivered(const MulticastHeader& header) {
  if (header.sender != self_ || header.boot != boot_) return Ticket();
  if (spans_.empty() || header.seq < spans_.front().first) return Ticket();
  Span& span = spans_.front();
  const Ticket ticket = span.ticket + (header.seq - span.first);
  --count_;
  delivered_any_ = true;
  if (header.seq.next() == span.first + span.count) {
    bytes_ -= batches_.front().size();
    spans_.pop_front();
    batches_.pop_front();
  }
  return ticket;
}

}  // namespace gms::core
