#include "tests/golden/interpreter.hpp"

#include <algorithm>

#include "tests/golden/text.hpp"

namespace golden {

using namespace gms::core;
using namespace gms::model;

const std::vector<Interpreter::Row>& Interpreter::table() {
  using I = Interpreter;
  static const std::vector<Row> kTable{
      {"config", &I::config},        // SETTING=VALUE…, before the members
      {"members", &I::members},      // MEMBER…: they found a group
      {"joiner", &I::joiner},        // MEMBER via MEMBER… [name=NAME]: a fresh one
      {"tick", &I::tick},            // MEMBER|all TIME
      {"timeout", &I::timeout},      // MEMBER: time passes there until it does something
      {"pause", &I::pause},          // MEMBER TIME: it passes there without a tick
      {"run", &I::advance},          // TIME: for all, with everything durable and delivered
      {"stabilise", &I::stabilise},  // until nothing is left to do; no time passes
      {"durable", &I::durable},      // MEMBER|all: the oldest order; `everything`: all of them
      {"files", &I::files},          // MEMBER: the oldest read of the log's files is answered
      {"apply", &I::apply},          // MEMBER later|now
      {"disk", &I::disk},            // MEMBER full|reserve|low|free
      {"flush", &I::flush},          // MEMBER: the application's state is durable
      {"take", &I::take},            // MEMBER: the state that is wanted of it is taken
      {"fetch", &I::fetch},          // MEMBER [fails]: the state that it fetches is there
      {"lose", &I::lose},            // MEMBER COUNT: durable entries are lost
      {"compare", &I::compare},      // MEMBER|all: from here on it samples its state
      {"diverge", &I::diverge},      // MEMBER [NUMBER]: its state is another, or that one
      {"damage", &I::damage},        // MEMBER: it finds that its state is damaged
      {"deliver", &I::deliver},      // LINK [MESSAGE [NTH]]
      {"drop", &I::drop},            // the same
      {"duplicate", &I::duplicate},  // the same
      {"save", &I::save},            // NAME LINK [MESSAGE [NTH]]: keeps a copy of the first
      {"replay", &I::replay},        // NAME [group=N] [from=MEMBER] [to=MEMBER]: sends the copy
      {"cut", &I::cut},              // LINK: one way; MEMBER: from all others
      {"heal", &I::heal},            //
      {"network", &I::network},      // what is under way
      {"peer-down", &I::peer_down},  // MEMBER PEER: its process is dead
      {"connected", &I::peer_connected},  // MEMBER PEER
      {"disconnect", &I::disconnect},     // MEMBER PEER
      {"propose", &I::propose},           // MEMBER "BODY"…: one batch
      {"multicast", &I::multicast},       // MEMBER "BODY"…: one batch
      {"read", &I::read},                 // MEMBER
      {"leave", &I::leave},               // MEMBER asked, MEMBER that is to leave
      {"transfer", &I::transfer},         // MEMBER asked, MEMBER that is to lead
      {"evict", &I::evict},               // MEMBER asked, MEMBER that is to be evicted
      {"maintain", &I::maintain},         // MEMBER asked, MEMBER, TIME
      {"crash", &I::crash},               // MEMBER
      {"restart", &I::restart},           // MEMBER
      {"log", &I::log},                   // MEMBER: what is durable there
      {"status", &I::status},             // MEMBER|all
  };
  return kTable;
}

std::vector<std::string> Interpreter::run(const std::string& line) {
  Words words = split(line);
  transcript_.show(Detail::everything);
  if (!words.empty() && (words.front() == "quiet" || words.front() == "events")) {
    transcript_.show(words.front() == "quiet" ? Detail::nothing : Detail::events);
    words.erase(words.begin());
  }
  if (!words.empty()) execute(words);
  return transcript_.take();
}

void Interpreter::execute(const Words& words) {
  const auto row = std::ranges::find(table(), words.front(), &Row::name);
  if (row == table().end()) return error("no command " + words.front());
  (this->*row->command)(words);
}

std::vector<Host*> Interpreter::hosts(const Words& words, std::size_t at) {
  const std::string name = at < words.size() ? words[at] : "all";
  std::vector<Host*> found;
  for (const std::string& each : cluster_.names())
    if (name == "all" || name == each) found.push_back(cluster_.find(each));
  if (found.empty()) error("no member " + name);
  return found;
}

Host* Interpreter::running(const Words& words, std::size_t at) {
  Host* host = at < words.size() ? cluster_.find(words[at]) : nullptr;
  if (host != nullptr && host->runs()) return host;
  error("no such member runs");
  return nullptr;
}

void Interpreter::config(const Words& words) {
  using Size = std::size_t Config::*;
  using Time = Duration Config::*;
  static const std::map<std::string, Size> kSizes{
      {"append_bytes_max", &Config::append_bytes_max},
      {"apply_bytes_max", &Config::apply_bytes_max},
      {"inflight_max", &Config::inflight_max},
      {"lag_bytes", &Config::lag_bytes},
      {"uncommitted_bytes_max", &Config::uncommitted_bytes_max},
      {"tail_bytes_max", &Config::tail_bytes_max},
      {"multicasts_max", &Config::multicasts_max},
      {"multicast_bytes_max", &Config::multicast_bytes_max},
      {"retain_entries", &Config::retain_entries},
      {"retain_bytes", &Config::retain_bytes},
      {"trim_step_bytes", &Config::trim_step_bytes},
      {"pin_bytes", &Config::pin_bytes},
  };
  static const std::map<std::string, Time> kTimes{
      {"up_hysteresis", &Config::up_hysteresis},
      {"up_hysteresis_max", &Config::up_hysteresis_max},
      {"evict_after", &Config::evict_after},
      {"evict_min_gap", &Config::evict_min_gap},
      {"epoch_bump_gap", &Config::epoch_bump_gap},
      {"disk_stall", &Config::disk_stall},
      {"trim_gap", &Config::trim_gap},
      {"pin_time", &Config::pin_time},
      {"transfer_deadline", &Config::transfer_deadline},
  };
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    const std::string value = option({words[i]}, name).value_or("");
    const auto size = kSizes.find(name);
    const auto time = kTimes.find(name);
    if (size != kSizes.end()) {
      cluster_.config.*size->second = number_of(value);
    } else if (time != kTimes.end()) {
      cluster_.config.*time->second = duration_of(value);
    } else {
      error("no setting " + name);
    }
  }
}

void Interpreter::members(const Words& words) {
  std::vector<MemberId> ids;
  for (std::size_t i = 1; i < words.size(); ++i) ids.push_back(member_of(words[i]));
  cluster_.found(ids);
}

void Interpreter::joiner(const Words& words) {
  if (words.size() < 4) return error("joiner MEMBER via MEMBER…");
  Member self{member_of(words[1]), option(words, "name").value_or(words[1]), words[1], ""};
  std::vector<std::string> addresses;
  for (std::size_t i = 3; i < words.size(); ++i)
    if (words[i].find('=') == std::string::npos) addresses.push_back(words[i]);
  cluster_.add_joiner(self, std::move(addresses));
}

void Interpreter::tick(const Words& words) {
  if (words.size() < 3) return error("tick MEMBER TIME");
  for (Host* host : hosts(words, 1)) cluster_.tick(*host, duration_of(words[2]));
}

void Interpreter::timeout(const Words& words) {
  if (Host* host = running(words, 1)) cluster_.tick_until_effect(*host);
}

void Interpreter::pause(const Words& words) {
  if (words.size() < 3) return error("pause MEMBER TIME");
  for (Host* host : hosts(words, 1)) host->now += duration_of(words[2]);
}

void Interpreter::advance(const Words& words) {
  if (words.size() < 2) return error("run TIME");
  if (transcript_.shown() == Detail::everything) transcript_.show(Detail::events);
  cluster_.run(duration_of(words[1]));
}

void Interpreter::stabilise(const Words&) {
  cluster_.settle();
}

void Interpreter::durable(const Words& words) {
  const bool everything = words.size() > 2 && words[2] == "everything";
  for (Host* host : hosts(words, 1))
    while (cluster_.sync_one(*host) && everything) continue;
}

void Interpreter::files(const Words& words) {
  if (Host* host = running(words, 1); host != nullptr && !cluster_.read_one(*host))
    error("nothing is to be read");
}

void Interpreter::apply(const Words& words) {
  Host* host = running(words, 1);
  if (host == nullptr) return;
  host->applies = words.size() > 2 && words[2] == "now";
  if (host->applies) cluster_.report_applied(*host);
}

void Interpreter::disk(const Words& words) {
  Host* host = running(words, 1);
  if (host == nullptr) return;
  const std::string_view state = words.size() > 2 ? std::string_view(words[2]) : "free";
  cluster_.step(*host, LocalHealth{{state == "full" || state == "reserve", state == "reserve",
                                    state == "low"}});
}

void Interpreter::flush(const Words& words) {
  Host* host = running(words, 1);
  if (host == nullptr || !host->mark) return;
  cluster_.flush(*host);
}

void Interpreter::take(const Words& words) {
  Host* host = running(words, 1);
  if (host != nullptr && !cluster_.take_state(*host)) error("no state is wanted");
}

void Interpreter::fetch(const Words& words) {
  Host* host = running(words, 1);
  const bool fails = words.size() > 2 && words[2] == "fails";
  if (host != nullptr && !cluster_.fetch(*host, !fails)) error("nothing is to be fetched");
}

void Interpreter::lose(const Words& words) {
  if (words.size() < 3) return error("lose MEMBER COUNT");
  for (Host* host : hosts(words, 1)) host->disk.lose_entries(number_of(words[2]));
}

void Interpreter::compare(const Words& words) {
  for (Host* host : hosts(words, 1)) host->compares = true;
}

void Interpreter::diverge(const Words& words) {
  if (words.size() < 2) return error("diverge MEMBER [NUMBER]");
  const std::uint64_t by = words.size() > 2 ? number_of(words[2]) : 1;
  for (Host* host : hosts(words, 1))
    host->state.digest = StateDigest(host->state.digest.value() + by);
}

void Interpreter::damage(const Words& words) {
  Host* host = running(words, 1);
  if (host != nullptr) cluster_.step(*host, DamageFound());
}

void Interpreter::propose(const Words& words) {
  Host* host = running(words, 1);
  if (host == nullptr) return;
  EntryRunBuilder drafts;
  for (std::size_t i = 2; i < words.size(); ++i)
    drafts.append(EntryKind::command, {as_bytes(words[i])});
  const Ticket first = host->take_tickets(drafts.count());
  cluster_.step(*host, Propose{first, std::move(drafts)});
}

void Interpreter::multicast(const Words& words) {
  Host* host = running(words, 1);
  if (host == nullptr) return;
  EntryRunBuilder drafts;
  for (std::size_t i = 2; i < words.size(); ++i) drafts.append_multicast({as_bytes(words[i])});
  const Ticket first = host->take_tickets(drafts.count());
  cluster_.step(*host, Multicast{first, std::move(drafts)});
}

void Interpreter::read(const Words& words) {
  if (Host* host = running(words, 1)) cluster_.step(*host, Read{host->take_tickets(1)});
}

void Interpreter::leave(const Words& words) {
  administer(words, AdminAction::leave);
}

void Interpreter::transfer(const Words& words) {
  administer(words, AdminAction::transfer);
}

void Interpreter::evict(const Words& words) {
  administer(words, AdminAction::evict);
}

void Interpreter::maintain(const Words& words) {
  administer(words, AdminAction::maintenance);
}

void Interpreter::administer(const Words& words, AdminAction action) {
  Host* host = running(words, 1);
  if (host == nullptr) return;
  const MemberId subject = words.size() > 2 ? member_of(words[2]) : MemberId();
  const Duration ttl = words.size() > 3 ? duration_of(words[3]) : Duration();
  cluster_.step(*host, Admin{host->take_tickets(1), {action, subject, ttl}});
}

void Interpreter::crash(const Words& words) {
  for (Host* host : hosts(words, 1)) cluster_.crash(*host);
}

void Interpreter::restart(const Words& words) {
  for (Host* host : hosts(words, 1)) {
    cluster_.crash(*host);
    cluster_.start(*host);
  }
}

void Interpreter::log(const Words& words) {
  for (Host* host : hosts(words, 1))
    for (const EntryRun& run : host->disk.entries())
      for (const EntryView entry : run) transcript_.add(text_of(entry));
}

void Interpreter::status(const Words& words) {
  for (Host* host : hosts(words, 1)) {
    if (!host->runs()) {
      transcript_.add(text_of(host->id()) + " does not run");
      continue;
    }
    const Status status = host->engine().status();
    transcript_.add(text_of(status));
    transcript_.enter();
    for (const PeerStatus& peer : status.peers) transcript_.add(text_of(peer));
    transcript_.leave();
  }
}

}  // namespace golden
