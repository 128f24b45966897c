#include "gms/core/read_barrier.hpp"

namespace gms::core {

using namespace model;

void ReadBarrier::confirm(HeartbeatSeq seq) {
  while (!waiting_.empty() && waiting_.front().need <= seq) {
    confirmed_.push_back({waiting_.front().ticket, waiting_.front().index});
    waiting_.pop_front();
  }
}

std::vector<ReadBarrier::Ready> ReadBarrier::take_ready(Index applied) {
  std::vector<Ready> ready;
  while (!confirmed_.empty() && confirmed_.front().index <= applied) {
    ready.push_back(confirmed_.front());
    confirmed_.pop_front();
  }
  return ready;
}

std::vector<Ticket> ReadBarrier::take_all() {
  std::vector<Ticket> tickets;
  for (const Ready& read : confirmed_) tickets.push_back(read.ticket);
  for (const Waiting& read : waiting_) tickets.push_back(read.ticket);
  confirmed_.clear();
  waiting_.clear();
  return tickets;
}

}  // namespace gms::core
