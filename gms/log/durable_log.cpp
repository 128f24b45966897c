#include "gms/log/durable_log.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {
namespace {

using model::Error;
using model::PersistRequest;
using model::ReadRequest;
using Clock = std::chrono::steady_clock;

}  // namespace

DurableLog::DurableLog(std::unique_ptr<LogStore> store, model::LogListener& listener,
                       Options options)
    : store_(std::move(store)), listener_(listener), options_(options) {
  spare_maker_.emplace(store_->spares(), options_.room_check,
                       [this](Health health) { give(std::move(health)); });
  thread_ = std::thread([this] { run(); });
}

DurableLog::~DurableLog() {
  stop();
}

void DurableLog::persist(PersistRequest request) {
  queue_depth_.fetch_add(1, std::memory_order_relaxed);
  give(std::move(request));
}

void DurableLog::read(ReadRequest request) {
  give(request);
}

void DurableLog::stop() {
  if (!thread_.joinable()) return;
  // First, since the log's thread asks the maker for spares until it ends.
  spare_maker_->stop();
  give(Stop{});
  thread_.join();
}

LogStatistics DurableLog::statistics() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {syncs_.load(kRelaxed),
          std::chrono::nanoseconds(sync_time_total_.load(kRelaxed)),
          std::chrono::nanoseconds(sync_time_max_.load(kRelaxed)),
          queue_depth_.load(kRelaxed),
          bytes_written_.load(kRelaxed),
          segments_.load(kRelaxed),
          segment_bytes_.load(kRelaxed)};
}

void DurableLog::give(Work work) {
  if (queue_.push(std::move(work)) == WorkQueue<Work>::Consumer::asleep) wakeup_.wake();
}

void DurableLog::run() {
  while (!stopping_) {
    std::vector<Work> work = queue_.take_all();
    if (work.empty() && reads_.empty()) {
      rest();
    } else {
      carry_out(std::move(work));
    }
  }
  if (unsealed_) seal();
}

void DurableLog::rest() {
  if (!queue_.fall_asleep()) return;
  if (!unsealed_) {
    wakeup_.wait();
    return;
  }
  if (wakeup_.wait_for(options_.seal_after)) return;
  if (queue_.wake()) {
    seal();
    return;
  }
  // Somebody is about to wake this thread; that must not be left over for the next wait.
  wakeup_.wait();
}

void DurableLog::carry_out(std::vector<Work> work) {
  for (Work& item : work) {
    if (auto* const request = std::get_if<PersistRequest>(&item)) {
      group_.push_back(std::move(*request));
    } else if (auto* const read = std::get_if<ReadRequest>(&item)) {
      reads_.push_back(*read);
    } else if (auto* const health = std::get_if<Health>(&item)) {
      take_health(*health);
    } else {
      stopping_ = true;
    }
  }
  const std::size_t orders = group_.size();
  write_group();
  answer_a_read();
  queue_depth_.fetch_sub(orders, std::memory_order_relaxed);
}

void DurableLog::write_group() {
  if (!failed_ && !group_.empty()) {
    const auto start = Clock::now();
    const auto written = store_->write(group_);
    if (written) {
      count_sync(Clock::now() - start);
      unsealed_ = true;
      listener_.on_durable(group_.back().seq);
      ask_for_spares();
    } else {
      fail(written.error());
    }
  }
  group_.clear();
}

void DurableLog::answer_a_read() {
  if (failed_) reads_.clear();
  if (reads_.empty()) return;
  auto answer = store_->read(reads_.front());
  reads_.pop_front();
  if (answer) {
    listener_.on_read(*std::move(answer));
  } else {
    fail(answer.error());
  }
}

void DurableLog::seal() {
  unsealed_ = false;
  if (failed_) return;
  if (const auto sealed = store_->seal(); !sealed) fail(sealed.error());
}

void DurableLog::take_health(const Health& health) {
  if (failed_) return;
  if (health) {
    listener_.on_health(*health);
  } else {
    fail(health.error());
  }
}

void DurableLog::ask_for_spares() {
  const std::size_t missing = store_->spares().missing();
  // While the disk is full they stay missing; the maker looks again by itself then.
  const bool gave_up = store_->spares().retired() > 0;
  if (missing > spares_missing_ || gave_up) spare_maker_->look();
  spares_missing_ = missing;
}

void DurableLog::fail(const Error& error) {
  failed_ = true;
  listener_.on_failure(error);
}

void DurableLog::count_sync(std::chrono::nanoseconds took) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  syncs_.fetch_add(1, kRelaxed);
  sync_time_total_.fetch_add(took.count(), kRelaxed);
  sync_time_max_.store(std::max(sync_time_max_.load(kRelaxed), took.count()), kRelaxed);
  bytes_written_.store(store_->bytes_written(), kRelaxed);
  const SegmentUsage usage = store_->usage();
  segments_.store(usage.segments, kRelaxed);
  segment_bytes_.store(usage.bytes, kRelaxed);
}

}  // namespace gms::log
