#include "tests/golden/cluster.hpp"

#include <algorithm>

#include "tests/golden/text.hpp"

namespace golden {

using namespace gms::core;
using namespace gms::model;

namespace {

constexpr Duration kTick(10);
constexpr int kTicksMax = 2000;
constexpr int kSettleRoundsMax = 1000;
constexpr GroupId kGroup{0, 7};
constexpr std::uint64_t kDigestFactor = 31;

}  // namespace

void Cluster::found(const std::vector<MemberId>& ids) {
  View view;
  view.seq = ViewSeq(1);
  for (const MemberId& id : ids) {
    view.members.push_back({id, text_of(id), text_of(id), ""});
    view.up.push_back(id);
  }
  view.subject = ids.front();
  for (const Member& self : view.members) {
    auto host = std::make_unique<Host>(Identity{kGroup, self.id, self.name},
                                       EngineSettings{config, self, {}, 0});
    host->disk.found(view);
    hosts_[self.name] = std::move(host);
  }
  for (const Member& self : view.members) start(*hosts_[self.name]);
}

void Cluster::add_joiner(const Member& self, std::vector<std::string> addresses) {
  const std::string name = text_of(self.id);
  hosts_[name] = std::make_unique<Host>(Identity{{}, self.id, self.name},
                                        EngineSettings{config, self, std::move(addresses), 0});
  start(*hosts_[name]);
}

Host* Cluster::find(const std::string& name) {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : found->second.get();
}

std::vector<std::string> Cluster::names() const {
  std::vector<std::string> names;
  for (const auto& [name, host] : hosts_) names.push_back(name);
  return names;
}

void Cluster::start(Host& host) {
  if (host.disk.refusal()) return transcript_.event(text_of(host.id()) + " may not start");
  carry_out(host, host.start());
  const bool has_state = host.runs() && host.compares && host.state.index > Index();
  if (has_state) step(host, Applied{Index(), {host.state}});
}

void Cluster::crash(Host& host) {
  host.crash();
  std::erase_if(network_, [&](const Envelope& e) { return e.to == text_of(host.id()); });
}

void Cluster::step(Host& host, Input input) {
  if (!host.runs()) return;
  carry_out(host, host.step(std::move(input)));
  if (host.runs() && host.applies) report_applied(host);
}

void Cluster::report_applied(Host& host) {
  if (!std::exchange(host.owes_applied, false)) return;
  step(host, Applied{host.delivered, std::exchange(host.samples, {})});
}

void Cluster::tick(Host& host, Duration time) {
  for (; time > Duration::zero(); time -= kTick) {
    host.now += std::min(kTick, time);
    step(host, Tick{});
  }
}

void Cluster::tick_until_effect(Host& host) {
  for (int i = 0; i < kTicksMax && host.runs(); ++i) {
    host.now += kTick;
    Effects effects = host.step(Tick{});
    if (effects.empty()) continue;
    carry_out(host, std::move(effects));
    if (host.runs() && host.applies) report_applied(host);
    return;
  }
}

bool Cluster::sync_one(Host& host) {
  const auto seq = host.disk.sync_one();
  if (!seq) return false;
  transcript_.detail(text_of(host.id()) + " durable " + std::to_string(seq->value()));
  transcript_.enter();
  release(host);
  step(host, Durable{*seq});
  transcript_.leave();
  return true;
}

bool Cluster::read_one(Host& host) {
  if (host.reads.empty()) return false;
  const ReadRequest request = host.reads.front();
  host.reads.erase(host.reads.begin());
  ReadAnswer answer = host.disk.read(request);
  transcript_.detail(text_of(host.id()) + " has read " + std::to_string(answer.entries.count()) +
                     " from " + std::to_string(request.first.value()) + " for " +
                     text_of(request.reader));
  transcript_.enter();
  step(host, EntriesRead{std::move(answer)});
  transcript_.leave();
  return true;
}

void Cluster::deliver(const Filter& filter) {
  std::vector<Envelope> taken;
  std::erase_if(network_, [&](const Envelope& envelope) {
    if (!filter(envelope)) return false;
    taken.push_back(envelope);
    return true;
  });
  for (const Envelope& envelope : taken) arrive(envelope);
}

void Cluster::arrive(const Envelope& envelope) {
  Host* host = find(envelope.to);
  const bool cut = cuts_.contains({envelope.from, envelope.to});
  const bool lost = host == nullptr || !host->runs() || cut;
  transcript_.detail(headline_of(envelope.message) + (lost ? " is lost" : ""));
  if (lost) return;
  transcript_.enter();
  step(*host, Received{envelope.message});
  transcript_.leave();
}

void Cluster::settle() {
  for (int round = 0; round < kSettleRoundsMax; ++round) {
    bool moved = false;
    for (auto& [name, host] : hosts_) {
      while (sync_one(*host)) moved = true;
      moved = read_one(*host) || moved;
    }
    moved = moved || !network_.empty();
    deliver([](const Envelope&) { return true; });
    if (!moved) return;
  }
  transcript_.add("VIOLATION: it never becomes quiet");
}

void Cluster::run(Duration time) {
  for (; time > Duration::zero(); time -= kTick) {
    for (auto& [name, host] : hosts_) tick(*host, std::min(kTick, time));
    settle();
  }
}

void Cluster::post(Envelope envelope) {
  network_.push_back(std::move(envelope));
}

void Cluster::carry_out(Host& host, Effects effects) {
  for (Effect& effect : effects) {
    if (!host.runs()) return;
    std::visit([&](auto& one) { perform(host, std::move(one)); }, effect);
  }
}

void Cluster::perform(Host& host, Persist effect) {
  transcript_.detail(text_of(host.id()) + " " + text_of(effect.request));
  host.disk.order(std::move(effect.request));
}

void Cluster::perform(Host& host, Send effect) {
  const Message& message = effect.message;
  const bool waits = effect.after > host.disk.durable();
  transcript_.detail(text_of(message.from) + "->" + text_of(message.to) + " e" +
                     std::to_string(message.epoch.value()) + " " + text_of(message.body) +
                     (waits ? " after " + std::to_string(effect.after.value()) : ""));
  if (waits) return host.gated.push_back({std::move(effect.message), effect.after});
  post({text_of(host.id()), text_of(message.to), message});
}

void Cluster::perform(Host& host, SendToAddress effect) {
  transcript_.detail(text_of(host.id()) + "->" + effect.address + " e" +
                     std::to_string(effect.message.epoch.value()) + " " +
                     text_of(effect.message.body));
  post({text_of(host.id()), effect.address, std::move(effect.message)});
}

void Cluster::perform(Host& host, const KnowPeer& effect) {
  transcript_.detail(text_of(host.id()) + " knows " + text_of(effect.member) + " at " +
                     effect.address);
}

void Cluster::perform(Host& host, const ForgetPeer& effect) {
  transcript_.detail(text_of(host.id()) + " forgets " + text_of(effect.member));
}

void Cluster::perform(Host& host, const Deliver& effect) {
  for (const Delivery& delivery : effect.batch.deliveries) {
    transcript_.event(text_of(host.id()) + " " + text_of(delivery));
    Delivery bare = delivery;
    bare.ticket = Ticket();
    check_agreement(host, delivery.position.index, text_of(bare));
    const Index index = delivery.position.index;
    host.state = {index, StateDigest(host.state.digest.value() * kDigestFactor + index.value())};
  }
  if (host.compares) host.samples.push_back(host.state);
  host.mark = effect.batch.mark;
  host.delivered = effect.batch.last;
  host.owes_applied = true;
}

void Cluster::perform(Host& host, const InstallView& effect) {
  const std::string what = text_of(effect.view.view) + " at=" + to_string(effect.view.position);
  transcript_.event(text_of(host.id()) + " installs " + what);
  check_agreement(host, effect.view.position.index, what);
  host.mark = effect.mark;
  host.delivered = effect.view.position.index;
  host.owes_applied = true;
}

void Cluster::perform(Host& host, const ReadEntries& effect) {
  transcript_.detail(text_of(host.id()) + " reads from " +
                     std::to_string(effect.request.first.value()) + " for " +
                     text_of(effect.request.reader));
  host.reads.push_back(effect.request);
}

void Cluster::perform(Host& host, const ReadReady& effect) {
  transcript_.event(text_of(host.id()) + " may serve read " +
                    std::to_string(effect.ticket.value()) + " at " +
                    std::to_string(effect.index.value()));
}

void Cluster::perform(Host& host, const Completed& effect) {
  transcript_.event(text_of(host.id()) + " " + text_of(effect));
}

void Cluster::perform(Host& host, const Trace& effect) {
  const std::string text = text_of(effect.event);
  if (const auto* changed = std::get_if<LeaderChanged>(&effect.event);
      changed != nullptr && changed->leader == host.id()) {
    const auto [first, fresh] = leaders_.insert({changed->epoch, text_of(host.id())});
    if (!fresh && first->second != text_of(host.id()))
      transcript_.add("VIOLATION: a second leader in one epoch [I1]");
  }
  const bool minor = text.empty() || std::holds_alternative<CommitAdvanced>(effect.event);
  if (!text.empty() && minor) transcript_.detail(text_of(host.id()) + " " + text);
  if (!minor) transcript_.event(text_of(host.id()) + " " + text);
}

void Cluster::perform(Host& host, const Fatal& effect) {
  transcript_.event(text_of(host.id()) + " stops: " + std::string(to_string(effect.error.code)));
  crash(host);
}

void Cluster::perform(Host& host, const TakeSnapshot& effect) {
  transcript_.detail(text_of(host.id()) + " takes its state");
  host.taking = effect.id;
}

void Cluster::perform(Host& host, const ReleaseSnapshot&) {
  transcript_.detail(text_of(host.id()) + " keeps its state for others no more");
}

void Cluster::perform(Host& host, const FetchSnapshot& effect) {
  transcript_.detail(text_of(host.id()) + " begins to fetch from " + effect.meta.address);
  host.fetching = effect.meta;
}

void Cluster::perform(Host& host, const CancelFetch&) {
  transcript_.detail(text_of(host.id()) + " gives up a fetch");
  host.fetching.reset();
}

void Cluster::perform(Host& host, const InstallSnapshot& effect) {
  transcript_.event(text_of(host.id()) + " goes over to the state at " +
                    to_string(effect.meta.mark.head.position));
  host.mark = encode(effect.meta.mark);
  host.delivered = effect.meta.index();
  host.owes_applied = false;
  host.disk.stage(effect.meta.mark);
  host.state = host.flushed_state = taken_[effect.meta.id];
  host.samples.clear();
}

void Cluster::perform(Host& host, const Quarantine&) {
  transcript_.event(text_of(host.id()) + " puts its state out of use");
}

bool Cluster::take_state(Host& host) {
  if (!host.taking || !host.mark) return false;
  const SnapshotId id = *std::exchange(host.taking, std::nullopt);
  taken_[id] = host.state;
  step(host, SnapshotTaken{id, {}, decode_mark(*host.mark).value(), 1});
  return true;
}

bool Cluster::fetch(Host& host, bool succeeds) {
  if (!host.fetching) return false;
  const SnapshotId id = std::exchange(host.fetching, std::nullopt)->id;
  if (succeeds)
    step(host, SnapshotStaged{id});
  else
    step(host, SnapshotFetchFailed{id, {ErrorCode::unavailable, "its source is gone"}});
  return true;
}

void Cluster::flush(Host& host) {
  if (!host.mark) return;
  const Mark mark = decode_mark(*host.mark).value();
  host.disk.flush(mark);
  host.flushed_state = host.state;
  step(host, StateDurable{mark.head.position.index});
}

void Cluster::release(Host& host) {
  for (const Host::Gated& gated : host.gated) {
    if (gated.after > host.disk.durable()) continue;
    transcript_.detail("releases " + headline_of(gated.message));
    post({text_of(host.id()), text_of(gated.message.to), gated.message});
  }
  std::erase_if(host.gated,
                [&](const Host::Gated& gated) { return gated.after <= host.disk.durable(); });
}

void Cluster::check_agreement(Host& host, Index index, const std::string& what) {
  const auto [first, fresh] = stream_.insert({index, what});
  if (!fresh && first->second != what)
    transcript_.add("VIOLATION: " + text_of(host.id()) + " delivers " + what + ", another " +
                    first->second + " [A4]");
}

}  // namespace golden
