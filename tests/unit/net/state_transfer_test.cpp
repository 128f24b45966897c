#include "gms/net/state_transfer.hpp"

#include <gtest/gtest.h>

#include "gms/net/address.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/net/transfer_fixture.hpp"

namespace gms::net {
namespace {

using boost::asio::io_context;
using model::Error;
using model::ErrorCode;
using model::Result;

/// A member with a thread for transfers: links, and an application that takes what is fetched.
class Member : private LinksListener,
               private EventSink,
               private StateTransfer::Owner,
               private model::Application {
 public:
  Member(io_context& context, std::uint64_t number) : self_(transfer_member(number)) {
    StateTransfer::Owner& owner = *this;
    model::Application& application = *this;
    const TransferSettings settings = transfer_settings(number);
    transfer_ = std::make_shared<StateTransfer>(context, settings, application, owner);
    auto acceptor = listen_at(context, tests::any_own_port());
    address_ = to_string(acceptor->local_endpoint());
    LinkSettings links;
    links.group = settings.group;
    links.self = settings.self;
    links.boot = settings.boot;
    links.advertised_address = address_;
    links_ = Links::start(context, links, *std::move(acceptor), {*this, *this});
  }
  ~Member() override { stop(); }

  void stop() {
    links_->stop();
    transfer_->stop();
  }
  StateTransfer& transfer() { return *transfer_; }
  model::SnapshotMeta put(std::uint64_t id, const std::vector<model::Bytes>& state) {
    const model::SnapshotId snapshot(id);
    transfer_->put(snapshot, std::make_unique<BytesSource>(state, source_fate));
    return {snapshot, self_, address_, {}, 0};
  }
  template <class T>
  std::size_t count() const {
    const auto is_one = [](const auto& input) { return std::holds_alternative<T>(input); };
    return static_cast<std::size_t>(std::ranges::count_if(inputs, is_one));
  }

  std::vector<core::Input> inputs;
  std::vector<model::Bytes> contents;
  BytesSink::Script script;
  Fate source_fate;
  Fate sink_fate;

 private:
  void on_transfer_input(core::Input input) override { inputs.push_back(std::move(input)); }
  void on_source_unreachable(const model::SnapshotMeta&, const std::string&) override {}
  void on_link_input(core::Input) override {}
  void on_links_broken(Error) override {}
  void on_state_connection(boost::asio::ip::tcp::socket socket,
                           const wire::StateHello& hello) override {
    transfer_->serve(std::move(socket), hello.snapshot);
  }
  void on_trace(const core::TraceEvent&) override {}
  void on_link(const LinkEvent&) override {}

  Result<std::optional<model::Bytes>> open(model::StateGeneration) override {
    return std::optional<model::Bytes>();
  }
  Result<void> deliver(const model::DeliveryBatch&) override { return {}; }
  Result<void> install(const model::PlacedView&, model::ByteSpan) override { return {}; }
  model::Index durable() const override { return {}; }
  void take_state(model::OnStateTaken) override {}
  Result<std::unique_ptr<model::StateSink>> receive_state(std::vector<model::StatePart>) override {
    contents.clear();
    sink_fate = {};
    return std::unique_ptr<model::StateSink>(
        std::make_unique<BytesSink>(contents, sink_fate, script));
  }
  Result<void> restore(std::unique_ptr<model::StateSink>, model::StateGeneration,
                       model::ByteSpan) override {
    return {};
  }
  void state_settled(model::StateGeneration) override {}

  model::MemberId self_;
  std::string address_;
  std::shared_ptr<StateTransfer> transfer_;
  std::shared_ptr<Links> links_;
};

TEST(StateTransfer, BringsASnapshotFromOneMembersThreadToAnothers) {
  io_context context;
  Member source(context, 1);
  Member fetcher(context, 2);
  const auto contents = contents_of({0, 1'000'000, 5});
  const auto meta = source.put(5, contents);
  fetcher.transfer().fetch(meta);
  EXPECT_TRUE(fetcher.transfer().statistics().fetching);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.count<core::SnapshotStaged>() == 1; }));
  EXPECT_TRUE(std::holds_alternative<core::SnapshotStaged>(fetcher.inputs.back()));
  EXPECT_EQ(fetcher.transfer().take_staged(model::SnapshotId(6)), nullptr);
  const auto sink = fetcher.transfer().take_staged(meta.id);
  ASSERT_NE(sink, nullptr);
  EXPECT_TRUE(fetcher.sink_fate.finished);
  EXPECT_FALSE(fetcher.sink_fate.destroyed);
  EXPECT_TRUE(fetcher.contents == contents);
  EXPECT_EQ(fetcher.transfer().statistics().bytes_received, 1'000'005U);
  EXPECT_FALSE(fetcher.transfer().statistics().fetching);
  EXPECT_EQ(source.transfer().statistics().bytes_sent, 1'000'005U);
  EXPECT_EQ(fetcher.transfer().take_staged(meta.id), nullptr) << "it was taken";
}

TEST(StateTransfer, AnotherFetchTakesThePlaceOfTheOneBefore) {
  io_context context;
  Member source(context, 1);
  Member fetcher(context, 2);
  const auto first = source.put(5, contents_of({50'000'000}));
  const auto contents = contents_of({7, 7});
  const auto second = source.put(6, contents);
  fetcher.transfer().fetch(first);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.count<core::SnapshotProgress>() > 0; }));
  fetcher.transfer().cancel(second.id);
  EXPECT_TRUE(fetcher.transfer().statistics().fetching) << "another was cancelled";
  fetcher.transfer().fetch(second);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.count<core::SnapshotStaged>() == 1; }));
  EXPECT_EQ(std::get<core::SnapshotStaged>(fetcher.inputs.back()).id, second.id);
  EXPECT_TRUE(fetcher.contents == contents);
  fetcher.transfer().cancel(second.id);
  EXPECT_EQ(fetcher.transfer().take_staged(second.id), nullptr);
  fetcher.stop();
  EXPECT_TRUE(fetcher.sink_fate.destroyed) << "staged, and not wanted any more";
}

TEST(StateTransfer, ThatIsStoppedInTheMiddleKeepsNothing) {
  io_context context;
  Member source(context, 1);
  Member fetcher(context, 2);
  const auto meta = source.put(5, contents_of({50'000'000}));
  fetcher.transfer().fetch(meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.count<core::SnapshotProgress>() > 0; }));
  fetcher.stop();
  EXPECT_TRUE(fetcher.sink_fate.destroyed);
  source.stop();
  EXPECT_TRUE(source.source_fate.destroyed);
  const auto told = fetcher.inputs.size();
  run_for(context, 2ms);
  EXPECT_EQ(fetcher.inputs.size(), told);
}

TEST(StateTransfer, TellsWhyAFetchFailed) {
  io_context context;
  Member source(context, 1);
  Member fetcher(context, 2);
  auto meta = source.put(5, contents_of({10}));
  meta.id = model::SnapshotId(9);
  fetcher.transfer().fetch(meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.count<core::SnapshotFetchFailed>() == 1; }));
  const auto& failed = std::get<core::SnapshotFetchFailed>(fetcher.inputs.back());
  EXPECT_EQ(failed.id, meta.id);
  EXPECT_EQ(failed.error.code, ErrorCode::not_found);
  EXPECT_EQ(fetcher.transfer().statistics().fetches_failed, 1U);
  EXPECT_FALSE(fetcher.transfer().statistics().fetching);
}

}  // namespace
}  // namespace gms::net
