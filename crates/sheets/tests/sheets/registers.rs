//! Artisans and work.

use sheets::mapping::Kind;
use sheets::problem::Code;
use sheets::register::{Artisan, Work};
use sheets::{Content, Reading};

use crate::{problems, read};

fn artisans(reading: &Reading) -> &[Artisan] {
    match &reading.content {
        Content::Artisans(artisans) => artisans,
        Content::Products(_) | Content::Work(_) => panic!("not artisans but {:?}", reading.report.kind),
    }
}

fn work(reading: &Reading) -> &[Work] {
    match &reading.content {
        Content::Work(work) => work,
        Content::Products(_) | Content::Artisans(_) => panic!("not work but {:?}", reading.report.kind),
    }
}

#[test]
fn artisans_with_consent_dates_and_telephones() {
    let reading = read(
        "Name,Known as,Village,District,Crafts,Mobile,Consent,Consent date\n\
         Asha Devi,Asha,Bhujodi,Kutch,\"ikat, weaving\",+91 98765-43210,yes,25/03/2026\n\
         Rekha,,Bhujodi,Kutch,ajrakh,९८७६५४३२११,,04/03/2026\n\
         rekha,,bhujodi,,,call her,maybe,31/02/2026\n\
         ,,Nowhere,,,,,\n",
    );
    assert_eq!(reading.report.kind, Kind::Artisans);
    let list = artisans(&reading);
    assert_eq!((list[0].crafts.as_slice(), list[0].phone.as_deref()), (&["ikat".to_owned(), "weaving".to_owned()][..], Some("+919876543210")));
    assert_eq!(list[0].consent, Some(true));
    assert_eq!((list[1].consent, list[1].phone.as_deref()), (None, Some("9876543211")));
    // The column's first date shows that the day comes first, so the second is not ambiguous.
    assert_eq!(list[1].consent_on.map(|date| date.to_string()).as_deref(), Some("2026-03-04"));
    assert_eq!(list.iter().map(|artisan| artisan.faulty).collect::<Vec<_>>(), [false, false, true]);
    for code in [Code::IdentityRepeated, Code::FlagUnreadable, Code::DateUnreadable, Code::NumberUnreadable, Code::TitleMissing] {
        assert_eq!(problems(&reading, code).len(), 1, "{code:?}");
    }
    assert_eq!(sheets::cells::entities(&reading.content).len(), 2);
}

#[test]
fn work_with_rates_totals_and_turns() {
    let reading = read(
        "Date,Karigar,Batch,Work,Pcs,Rate,Amount,Minutes\n\
         03-04-2026,Asha,B1,weaving,5,₹120,600,90\n\
         03-04-2026,Asha,B1,weaving,5,₹120,600,90\n\
         3 April 2026,Rekha,B1,fringe,4,,100,\n\
         3 April 2026,Rekha,B1,fringe,3,,100,\n\
         3 April 2026,Rekha,B1,fringe,3,10,35,\n\
         3 April 2026,Rekha,B1,fringe,,10,,\n",
    );
    assert_eq!(reading.report.kind, Kind::Work);
    let entries = work(&reading);
    assert_eq!((entries[0].pieces, entries[0].rate_minor, entries[0].minutes, entries[0].turn), (5, Some(12_000), Some(90), 1));
    assert_eq!(entries[1].turn, 2);
    assert_eq!(entries[2].rate_minor, Some(2_500));
    assert_eq!(entries.iter().map(|entry| entry.faulty).collect::<Vec<_>>(), [false, false, false, true, true, true]);
    assert_eq!(problems(&reading, Code::TotalDiffers).len(), 2);
    assert_eq!(problems(&reading, Code::DateAmbiguous).len(), 2);
    let entities = sheets::cells::entities(&reading.content);
    assert_eq!(entities.len(), 3);
    assert_ne!(entities[0].key, entities[1].key, "the same work twice is two entries");
}

#[test]
fn a_corrected_entry_is_the_same_entry() {
    let key = |text: &str| sheets::cells::entities(&read(text).content)[0].key.clone();
    let before = key("Date,Karigar,Work,Pcs,Rate\n2026-04-03,Asha,weaving,5,120\n");
    assert_eq!(key("Date,Karigar,Work,Pcs,Rate\n2026-04-03,Asha,weaving,6,125\n"), before);
    assert_ne!(key("Date,Karigar,Work,Pcs,Rate\n2026-04-04,Asha,weaving,5,120\n"), before);
}

#[test]
fn our_own_registers_are_read_as_they_were_written() {
    let people = read(
        "Member no,Name,Known as,Village,District,Crafts,Mobile,Language,Consent,Consent date\n=7,Asha Devi,Asha,Bhujodi,Kutch,ikat,+919876543210,hi,yes,2026-03-25\n8,Rekha,,,,,,,no,\n",
    );
    let again = sheets::write::registers::artisans(artisans(&people), sheets::table::FileType::Csv).unwrap();
    let again = crate::read_bytes(&again);
    assert_eq!((again.report.format, again.report.kind, again.report.errors), (sheets::mapping::Format::Haat, Kind::Artisans, 0));
    assert_eq!(artisans(&again), artisans(&people));

    let entries =
        read("Voucher no,Date,Karigar,Batch,Work,Pcs,Rate,Minutes\n1,2026-04-03,Asha,B1,weaving,5,120.50,90\n2,2026-04-03,,,washing,5,3,\n");
    assert_eq!((work(&entries)[1].maker.as_str(), work(&entries)[1].faulty), ("", false), "nobody's name, and a number of its own");
    for file_type in [sheets::table::FileType::Csv, sheets::table::FileType::Xlsx] {
        let bytes = sheets::write::registers::work(work(&entries), &sheets::values::amount::Currency::new("INR", 2).unwrap(), file_type).unwrap();
        let again = crate::read_bytes(&bytes);
        assert_eq!((again.report.format, again.report.kind, again.report.errors), (sheets::mapping::Format::Haat, Kind::Work, 0));
        assert_eq!(work(&again), work(&entries));
    }
}
