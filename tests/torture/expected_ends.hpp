#pragma once

#include <map>
#include <mutex>
#include <string>

namespace tests::torture {

/// Which members may have ended since somebody ended them or is at work on them. Several may be at
/// work on one member at a time, without knowing of each other. Thread rule: any thread.
class ExpectedEnds {
 public:
  /// Somebody's work on a member, in the course of which it may end and start again.
  class Work {
   public:
    Work(ExpectedEnds& ends, const std::string& name);
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

    /// The member runs again, unless somebody began with something else meanwhile.
    void revived();

   private:
    ExpectedEnds& ends_;
    const std::string name_;
    unsigned long begun_ = 0;
  };

  /// The member may end from now on, until it is revived or this is taken back.
  void expect(const std::string& name);
  void take_back(const std::string& name);
  [[nodiscard]] bool may_have_ended(const std::string& name) const;
  /// How often somebody has begun to work on the member. What was seen of it says nothing where
  /// this has changed since.
  [[nodiscard]] unsigned long begun(const std::string& name) const;

 private:
  struct Member {
    bool may_have_ended = false;
    unsigned long begun = 0;
    unsigned long under_way = 0;
  };

  mutable std::mutex lock_;
  std::map<std::string, Member> members_;
};

}  // namespace tests::torture
