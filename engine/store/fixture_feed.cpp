#include "engine/store/fixture_feed.h"

#include <utility>

#include "engine/store/fixture.h"
#include "engine/store/fixture_stream.h"

namespace tocsin {
namespace {

/// A fixture that is in memory as a whole.
class WholeFixture final : public FixtureFeed {
public:
    WholeFixture(Fixture fixture, std::optional<std::string> cut_off, std::uint64_t bytes, Store& store)
        : fixture_(std::move(fixture)), player_(fixture_, store), store_(store) {
        facts_.cut_off = std::move(cut_off);
        facts_.bytes_read = bytes;
    }

    Result<std::optional<Timestamp>> next() override { return player_.next(); }
    Status play(Timestamp until) override {
        player_.play(until);
        return {};
    }
    Facts facts() const override {
        Facts facts = facts_;
        for (const Fixture::Table& table : fixture_.tables()) {
            facts.series += table.series.size();
            for (const LabelSet& labels : table.series) {
                if (!store_.series_wanted(labels)) facts.unused.push_back(labels);
            }
        }
        return facts;
    }

private:
    Fixture fixture_;
    FixturePlayer player_;
    Store& store_;
    Facts facts_;
};

}  // namespace

Result<std::unique_ptr<FixtureFeed>> open_fixture_feed(Disk& disk, const std::string& path, const FixtureSurvey& survey,
                                                       Store& store) {
    if (!survey.first_out_of_order) return FixtureStream::open(disk, path, store);
    std::optional<std::string> cut_off;
    TOCSIN_TRY(Fixture fixture, Fixture::read_what_is_there(disk, path, cut_off));
    return std::make_unique<WholeFixture>(std::move(fixture), std::move(cut_off), survey.bytes, store);
}

}  // namespace tocsin
