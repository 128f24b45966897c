#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "tests/golden/host.hpp"
#include "tests/golden/transcript.hpp"

namespace golden {

/// Scripted members and the network between them. Nothing moves by itself: the script lets time
/// pass at a member, makes its log durable and delivers each message. What happens goes to the
/// transcript, what must never happen as a line that starts with VIOLATION.
class Cluster {
 public:
  /// A message under way. The sender's name is the host's, whatever the message says.
  struct Envelope {
    std::string from;
    std::string to;
    gms::core::Message message;
  };
  using Filter = std::function<bool(const Envelope&)>;

  explicit Cluster(Transcript& transcript) : transcript_(transcript) {}

  gms::core::Config config;

  /// Founds a group of these members.
  void found(const std::vector<gms::model::MemberId>& ids);
  /// A fresh member that asks at `addresses` to join.
  void add_joiner(const gms::model::Member& self, std::vector<std::string> addresses);
  [[nodiscard]] Host* find(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;

  void start(Host& host);
  void crash(Host& host);
  void step(Host& host, gms::core::Input input);
  /// Tells the engine that the application has consumed what it was given, if it was not yet.
  void report_applied(Host& host);
  /// Lets `time` pass at one member, tick by tick.
  void tick(Host& host, gms::model::Duration time);
  /// Lets time pass at one member until its engine does something, for 20 s at most.
  void tick_until_effect(Host& host);
  /// Makes the oldest order durable. Returns whether there was one.
  bool sync_one(Host& host);
  /// Answers the oldest request to read the log's files. Returns whether there was one.
  bool read_one(Host& host);
  /// Delivers the messages under way that `filter` takes, but none that follow from them.
  void deliver(const Filter& filter);
  /// Makes durable, reads and delivers all that there is until nothing is left.
  void settle();
  /// Lets `time` pass at all members together, settling at every tick.
  void run(gms::model::Duration time);

  /// The application has taken the state that it was asked for. Whether it was.
  bool take_state(Host& host);
  /// A fetch that is under way is over: the state is staged, or cannot be had. Whether there is
  /// one.
  bool fetch(Host& host, bool succeeds);
  /// The application's state is durable, and the engine hears of it.
  void flush(Host& host);

  void post(Envelope envelope);
  [[nodiscard]] std::deque<Envelope>& network() { return network_; }
  /// Messages from one to the other are lost from here on.
  void cut(const std::string& from, const std::string& to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }

 private:
  void carry_out(Host& host, gms::core::Effects effects);
  void perform(Host& host, gms::core::Persist effect);
  void perform(Host& host, gms::core::Send effect);
  void perform(Host& host, gms::core::SendToAddress effect);
  void perform(Host& host, const gms::core::KnowPeer& effect);
  void perform(Host& host, const gms::core::ForgetPeer& effect);
  void perform(Host& host, const gms::core::Deliver& effect);
  void perform(Host& host, const gms::core::InstallView& effect);
  void perform(Host& host, const gms::core::ReadEntries& effect);
  void perform(Host& host, const gms::core::ReadReady& effect);
  void perform(Host& host, const gms::core::Completed& effect);
  void perform(Host& host, const gms::core::Trace& effect);
  void perform(Host& host, const gms::core::Fatal& effect);
  void perform(Host& host, const gms::core::TakeSnapshot& effect);
  void perform(Host& host, const gms::core::ReleaseSnapshot& effect);
  void perform(Host& host, const gms::core::FetchSnapshot& effect);
  void perform(Host& host, const gms::core::CancelFetch& effect);
  void perform(Host& host, const gms::core::InstallSnapshot& effect);
  void perform(Host& host, const gms::core::Quarantine& effect);
  void release(Host& host);
  void arrive(const Envelope& envelope);
  void check_agreement(Host& host, gms::model::Index index, const std::string& what);

  Transcript& transcript_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::deque<Envelope> network_;
  std::set<std::pair<std::string, std::string>> cuts_;
  /// What was delivered at each place of the stream, by whoever was first [A3] [A4].
  std::map<gms::model::Index, std::string> stream_;
  /// The states that were taken.
  std::map<gms::model::SnapshotId, gms::model::StateSample> taken_;
  /// Who led each epoch [I1].
  std::map<gms::model::Epoch, std::string> leaders_;
};

}  // namespace golden
