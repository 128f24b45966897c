#include "tests/simulation/process.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace tests::simulation {
namespace {

using namespace gms::model;
namespace core = gms::core;

/// Tickets of a kind count upwards from a multiple of this.
constexpr std::uint64_t kTicketsOfAKind = std::uint64_t{1} << 40;

}  // namespace

TicketKind kind_of(Ticket ticket) {
  return static_cast<TicketKind>(ticket.value() / kTicketsOfAKind);
}

Process::Process(Setup setup, ProcessHost& host, StateMachine& application, Instant now)
    : machine_(setup.machine),
      member_(setup.settings.self.id),
      boot_(setup.state.boot),
      apply_(setup.apply),
      host_(host),
      application_(application),
      applied_(setup.state.applied ? setup.state.applied->head.position.index : Index()),
      engine_(std::move(setup.settings), std::move(setup.state), now) {}

void Process::start(Instant now) {
  engine_.start(effects_);
  settle(now);
  sample();
  if (died_ || samples_.empty()) return;
  report(now, Index());
  settle(now);
}

void Process::step(Instant now, core::Input input) {
  if (died_) return;
  engine_.step(now, std::move(input), effects_);
  settle(now);
}

void Process::durable(Instant now, PersistSeq seq) {
  if (died_) return;
  durable_ = seq;
  if (settling_ && settling_->first <= seq) {
    application_.settle(settling_->second);
    settling_.reset();
  }
  release();
  engine_.step(now, core::Durable{seq}, effects_);
  settle(now);
  hand_over(now);
}

void Process::apply_next(Instant now) {
  if (died_) return;
  report(now, apply_one());
  settle(now);
}

void Process::report(Instant now, Index applied) {
  engine_.step(now, core::Applied{applied, std::exchange(samples_, {})}, effects_);
}

void Process::sample() {
  if (const auto sample = application_.sample()) samples_.push_back(*sample);
}

/// Carries effects out until the application has nothing left to take within this step.
void Process::settle(Instant now) {
  carry_out();
  if (apply_ == ApplyMode::later && !deliveries_.empty()) host_.deliveries_wait(*this);
  while (apply_ == ApplyMode::at_once && !deliveries_.empty() && !died_) {
    report(now, apply_one());
    carry_out();
  }
}

void Process::carry_out() {
  host_.observe(*this, effects_);
  for (core::Effect& effect : effects_) {
    if (died_ || host_.dies_between_effects(*this)) {
      died_ = true;
      break;
    }
    carry_out(effect);
  }
  effects_.clear();
}

void Process::carry_out(core::Effect& effect) {
  std::visit(
      [this]<class T>(T& it) {
        if constexpr (std::is_same_v<T, core::Persist>) {
          host_.persist(*this, std::move(it.request));
        } else if constexpr (std::is_same_v<T, core::Send>) {
          if (it.after <= durable_)
            host_.send(*this, std::move(it.message), it.after);
          else
            held_.push_back({it.after, std::move(it.message)});
        } else if constexpr (std::is_same_v<T, core::SendToAddress>) {
          host_.send_to_address(*this, it.address, std::move(it.message));
        } else if constexpr (std::is_same_v<T, core::KnowPeer>) {
          host_.know_peer(*this, it.member);
        } else if constexpr (std::is_same_v<T, core::ForgetPeer>) {
          host_.forget_peer(*this, it.member);
        } else if constexpr (std::is_same_v<T, core::Deliver> ||
                             std::is_same_v<T, core::InstallView> ||
                             std::is_same_v<T, core::TakeSnapshot>) {
          deliveries_.push_back(std::move(it));
        } else if constexpr (std::is_same_v<T, core::ReadEntries>) {
          host_.read_log(*this, it.request);
        } else if constexpr (std::is_same_v<T, core::ReadReady>) {
          host_.read_ready(*this, it);
        } else if constexpr (std::is_same_v<T, core::Completed>) {
          host_.completed(*this, it);
        } else if constexpr (std::is_same_v<T, core::Fatal>) {
          fatal_ = it.error;
          died_ = true;
        }
      },
      effect);
  carry_out_transfer(effect);
}

void Process::carry_out_transfer(core::Effect& effect) {
  if (std::holds_alternative<core::Quarantine>(effect)) host_.quarantined(*this);
  if (const auto* const release = std::get_if<core::ReleaseSnapshot>(&effect))
    host_.release_state(*this, release->id);
  if (const auto* const fetch = std::get_if<core::FetchSnapshot>(&effect))
    host_.fetch_state(*this, fetch->meta);
  if (const auto* const cancel = std::get_if<core::CancelFetch>(&effect))
    host_.cancel_fetch(*this, cancel->id);
  if (const auto* const install = std::get_if<core::InstallSnapshot>(&effect)) restore(*install);
}

void Process::restore(const core::InstallSnapshot& install) {
  // What was delivered before comes first.
  while (!deliveries_.empty()) (void)apply_one();
  const auto state = host_.take_staged(*this, install.meta.id);
  application_.restore(*state, install.generation);
  applied_ = install.meta.index();
  samples_.clear();
  sample();
  settling_.emplace(install.order, install.generation);
  host_.restored(*this, install.meta);
}

void Process::release() {
  std::size_t kept = 0;
  for (Held& held : held_) {
    if (held.after <= durable_)
      host_.send(*this, std::move(held.message), held.after);
    else
      std::swap(held_[kept++], held);
  }
  held_.resize(kept);
}

Index Process::apply_one() {
  const Delivery delivery = std::move(deliveries_.front());
  deliveries_.pop_front();
  if (const auto* const take = std::get_if<core::TakeSnapshot>(&delivery)) {
    host_.state_taken(*this, take->id, application_.save());
    return applied_;
  }
  if (const auto* const view = std::get_if<core::InstallView>(&delivery)) {
    application_.install(view->view, view->mark);
    return applied_ = view->view.position.index;
  }
  const DeliveryBatch& batch = std::get<core::Deliver>(delivery).batch;
  executions_.clear();
  application_.deliver(batch, executions_);
  applied_ = batch.last;
  sample();
  host_.executed(*this, executions_);
  return applied_;
}

Ticket Process::draw(TicketKind kind, Request request) {
  auto& requests = requests_[static_cast<std::size_t>(kind)];
  requests.push_back(request);
  return Ticket(static_cast<std::uint64_t>(kind) * kTicketsOfAKind + requests.size());
}

Request Process::request_of(Ticket ticket) const {
  const auto& requests = requests_[static_cast<std::size_t>(kind_of(ticket))];
  return requests.at(ticket.value() % kTicketsOfAKind - 1);
}

EntryRunBuilder& Process::gather(Gathered& gathered, Ticket ticket) {
  if (gathered.drafts.empty()) gathered.first = ticket;
  return gathered.drafts;
}

void Process::propose(Instant now, ByteSpan command, Request request) {
  gather(proposals_, draw(TicketKind::proposal, request)).append(EntryKind::command, {command});
  hand_over(now);
}

void Process::multicast(Instant now, ByteSpan body, Request request) {
  gather(multicasts_, draw(TicketKind::multicast, request)).append_multicast({body});
  hand_over(now);
}

void Process::hand_over(Instant now) {
  if (!died_ && !proposals_.drafts.empty() && engine_.wants_proposals())
    step(now, core::Propose{proposals_.first, std::exchange(proposals_.drafts, {})});
  if (!died_ && !multicasts_.drafts.empty() && engine_.wants_proposals())
    step(now, core::Multicast{multicasts_.first, std::exchange(multicasts_.drafts, {})});
}

void Process::read(Instant now, Request request) {
  step(now, core::Read{draw(TicketKind::read, request)});
}

void Process::admin(Instant now, const core::AdminRequest& wish, Request request) {
  step(now, core::Admin{draw(TicketKind::admin, request), wish});
}

}  // namespace tests::simulation
