#include "kvstore/server/event_journal.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

class Listener final : public EventJournal::Listener {
 public:
  void on_event(const api::EventReport& event) override { kinds.push_back(event.kind); }
  void on_leadership() override { ++leadership; }
  void on_reason(const gms::core::TraceEvent&) override { ++reasons; }

  std::vector<std::string> kinds;
  int leadership = 0;
  int reasons = 0;
};

TEST(EventJournal, TellsOfRolesAndNotOfEntries) {
  Listener listener;
  EventJournal journal(10, listener, {});
  journal.on_trace(gms::core::CommitAdvanced{});
  journal.on_trace(gms::core::EntriesAppended{});
  journal.on_trace(gms::core::LogTrimmed{});
  EXPECT_TRUE(listener.kinds.empty());
  journal.on_trace(gms::core::RoleChanged{});
  journal.on_trace(gms::core::TransferAborted{});
  EXPECT_EQ(listener.kinds, (std::vector<std::string>{"role_changed", "transfer_aborted"}));
  EXPECT_EQ(listener.leadership, 1);
  EXPECT_EQ(listener.reasons, 0);
  journal.on_trace(gms::core::MemberEvicted{});
  journal.on_trace(gms::core::MemberSuspected{});
  EXPECT_EQ(listener.reasons, 2);
}

TEST(EventJournal, GivesTheEventsAfterOneInOrder) {
  Listener listener;
  EventJournal journal(10, listener, {});
  for (const char* kind : {"a", "b", "c"}) journal.add(kind, "");
  const api::EventsReply reply = journal.after(api::EventSeq(1));
  ASSERT_EQ(reply.events.size(), 2u);
  EXPECT_EQ(reply.events[0].kind, "b");
  EXPECT_EQ(reply.events[1].seq, api::EventSeq(3));
  EXPECT_TRUE(journal.after(api::EventSeq(3)).events.empty());
}

TEST(EventJournal, ForgetsTheOldest) {
  Listener listener;
  EventJournal journal(2, listener, {});
  for (const char* kind : {"a", "b", "c"}) journal.add(kind, "");
  const api::EventsReply reply = journal.after({});
  ASSERT_EQ(reply.events.size(), 2u);
  EXPECT_EQ(reply.events[0].kind, "b");
}

TEST(EventJournal, NumbersEventsFromWhereItIsTold) {
  Listener listener;
  EventJournal journal(10, listener, api::EventSeq(1000));
  journal.add("a", "");
  EXPECT_EQ(journal.after({}).events.front().seq, api::EventSeq(1001));
}

}  // namespace
}  // namespace kvstore::server
