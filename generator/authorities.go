package generator

// An Authority is an invented public body, or somebody who says that they act
// for one.
type Authority struct {
	Country string // code of one of Countries
	Code    string // code of the vocabulary's list "authority"
	Name    string // goes into the detached body's field "agency" only
}

// Authorities are invented senders of requests, at least four for each of
// Countries, with unique names. Each code of the vocabulary's list "authority"
// but other, withheld and unknown occurs.
var Authorities = []Authority{
	{"XA", "executive", "Interior Ministry of Asteria"},
	{"XA", "intelligence", "Foreign Information Office of Asteria"},
	{"XA", "law-enforcement", "Asterian Criminal Police"},
	{"XA", "regulator", "Asterian Communications Board"},
	{"XA", "prosecutor", "Public Prosecutor at Port Aster"},

	{"XB", "executive", "Interior Ministry of Borvania"},
	{"XB", "military", "Signals Brigade of Borvania"},
	{"XB", "intelligence", "Borvanian Bureau of State Protection"},
	{"XB", "regulator", "Federal Licence Chamber of Borvania"},
	{"XB", "contractor", "Brackwater Procurement"},

	{"XC", "law-enforcement", "Federal Detective Bureau of Caldermark"},
	{"XC", "executive", "Royal Chancery of Caldermark"},
	{"XC", "military", "Admiralty of Caldermark"},
	{"XC", "cert", "Caldermark Cyber Watch"},

	{"XD", "prosecutor", "Prosecutor General of Dorrenland"},
	{"XD", "executive", "Ministry of Home Affairs of Dorrenland"},
	{"XD", "intelligence", "Dorrenland Reporting Service"},
	{"XD", "law-enforcement", "Dorrenland Border Guard"},

	{"XE", "regulator", "Spectrum and Networks Board of Eskarra"},
	{"XE", "executive", "Ministry of Digital Affairs of Eskarra"},
	{"XE", "law-enforcement", "Eskarran National Police"},
	{"XE", "military", "General Staff of Eskarra"},

	{"XF", "cert", "Incident Response Centre of Farrowmere"},
	{"XF", "executive", "Cabinet Office of Farrowmere"},
	{"XF", "intelligence", "Farrowmere Listening Service"},
	{"XF", "prosecutor", "Crown Counsel of Farrowmere"},

	{"XG", "executive", "Interior Ministry of Gelvane"},
	{"XG", "regulator", "Gelvane Authority for Banks and Networks"},
	{"XG", "law-enforcement", "Ducal Gendarmerie of Gelvane"},
	{"XG", "legislature", "Estates Committee on Safety of Gelvane"},

	{"XH", "legislature", "Security Committee of the Halvenian Diet"},
	{"XH", "executive", "State Secretariat for Order of Halvenia"},
	{"XH", "intelligence", "Halvenian Survey Department"},
	{"XH", "military", "Halvenian Air Guard"},

	{"XI", "executive", "Defence Ministry of Ilvaria"},
	{"XI", "contractor", "Greyquill Consulting"},
	{"XI", "law-enforcement", "Ilvarian Harbour Police"},
	{"XI", "cert", "Ilvarian Islands Response Team"},

	{"XJ", "prosecutor", "Prosecutor General of Jorvessa"},
	{"XJ", "executive", "Ministry of Justice of Jorvessa"},
	{"XJ", "intelligence", "Jorvessan Service for External Affairs"},
	{"XJ", "regulator", "Data Inspectorate of Jorvessa"},

	{"XL", "regulator", "Lysgard Post and Telegraph Inspectorate"},
	{"XL", "executive", "Lysgard Ministry of the North"},
	{"XL", "law-enforcement", "Lysgard Constabulary"},
	{"XL", "military", "Lysgard Coastal Artillery"},

	{"XM", "executive", "Union Ministry of Public Peace of Maravel"},
	{"XM", "intelligence", "Maravel Council for Information"},
	{"XM", "law-enforcement", "Union Police of Maravel"},
	{"XM", "contractor", "Halfmoon Acquisitions"},
	{"XM", "legislature", "Joint Committee on Networks of Maravel"},

	{"XN", "executive", "Interior Ministry of Nerivia"},
	{"XN", "regulator", "National Networks Agency of Nerivia"},
	{"XN", "cert", "Nerivian Computer Emergency Office"},
	{"XN", "prosecutor", "State Attorney of Nerivia"},

	{"XO", "executive", "Ministry of Works of Oskelund"},
	{"XO", "law-enforcement", "Oskelund Detective Service"},
	{"XO", "intelligence", "Oskelund Bureau of Observation"},
	{"XO", "legislature", "Oskelund Assembly Committee on Secret Matters"},

	{"XP", "executive", "Princely Council of Pellanor"},
	{"XP", "regulator", "Pellanor Financial Supervisor"},
	{"XP", "law-enforcement", "Pellanor Treasury Police"},
	{"XP", "contractor", "Tallow and Vane Advisers"},

	{"XQ", "executive", "Ministry of Concord of Quillonia"},
	{"XQ", "military", "Quillonian Cyber Regiment"},
	{"XQ", "intelligence", "Quillonian Archive Service"},
	{"XQ", "cert", "Quillonia Watch Centre"},

	{"XR", "executive", "Home Office of Rosmarren"},
	{"XR", "prosecutor", "Chief Prosecutor of Rosmarren"},
	{"XR", "regulator", "Rosmarren Media and Lines Council"},
	{"XR", "law-enforcement", "Rosmarren Provincial Police"},

	{"XS", "military", "Confederate Staff of Sarnovia"},
	{"XS", "executive", "Sarnovian Office of Internal Order"},
	{"XS", "intelligence", "Sarnovian Twelfth Directorate"},
	{"XS", "contractor", "Nettlewood Partners"},

	{"XT", "executive", "Tessarin Ministry of the Realm"},
	{"XT", "law-enforcement", "Tessarin Customs Investigation"},
	{"XT", "cert", "Tessarin Alert Desk"},
	{"XT", "regulator", "Tessarin Export Licence Office"},

	{"XU", "executive", "Ulmerian Ministry of Safety"},
	{"XU", "intelligence", "Ulmerian Geographical Institute"},
	{"XU", "prosecutor", "Ulmerian Special Prosecutor"},
	{"XU", "military", "Ulmerian River Fleet"},

	{"XV", "executive", "Valdorran Ministry of Security"},
	{"XV", "law-enforcement", "Valdorran Carabine Corps"},
	{"XV", "regulator", "Valdorra Telecommunications Court of Supervision"},
	{"XV", "legislature", "Valdorran Senate Inquiry on Networks"},

	{"XW", "executive", "Wendravian Chancellor's Office"},
	{"XW", "intelligence", "Wendravian Department of Weather and Signals"},
	{"XW", "military", "Wendravian Mountain Command"},
	{"XW", "contractor", "Stonecrop Trading House"},

	{"XX", "executive", "Governor's Office of the Xantherian Isles"},
	{"XX", "law-enforcement", "Xantherian Marine Police"},
	{"XX", "cert", "Xantherian Network Rescue"},
	{"XX", "regulator", "Xantherian Cable Authority"},

	{"XY", "executive", "Interior Ministry of Yelmark"},
	{"XY", "intelligence", "Yelmark Bureau of Maps"},
	{"XY", "prosecutor", "Yelmark Procurator"},
	{"XY", "law-enforcement", "Yelmark Rural Police"},

	{"XZ", "executive", "Zemrovan Ministry of Calm"},
	{"XZ", "military", "Zemrovan Radio Corps"},
	{"XZ", "intelligence", "Zemrovan Office of Questions"},
	{"XZ", "regulator", "Zemrovan Licensing Chamber"},
}

// AuthoritiesOf returns the invented authorities of a country, in their fixed
// order; nil for a code that is not in Countries.
func AuthoritiesOf(country string) []Authority {
	var of []Authority
	for _, a := range Authorities {
		if a.Country == country {
			of = append(of, a)
		}
	}
	return of
}
