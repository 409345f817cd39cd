package lint

import _ "embed"

//go:embed givennames.txt
var givenNameList string

// Words by which names of persons are known, and words that are none. All in lower
// case; none is a list of persons.
var (
	givenNames = set(givenNameList)
	// ambiguousNames are given names that are also words, months, places or companies:
	// with a surname they count, alone they don't.
	ambiguousNames = set(`amber angel april art august aurora austin autumn bill bob brandy cameron carol chad charity chase christian claus clement constance crystal dale dan
		dawn dean devon diamond dick drew duke earl eden eve faith felicity florence frank gene georgia ginger glen gloria grace grant guy hazel heath heather
		holly hope iris ivy jack jade jan jasmine jay jean jordan joy june justice kelly ken kiran kit lance laurel lee leo lily lou lucky madison mark marina
		marion mario marshall max may mercedes mercy miles min miranda misty morgan norm olive opal pat patience pearl penny per phoenix pilar prudence ray
		reed rich rick river robin rod roman rose ross rowan ruby rusty sam sandy scout skip sky sterling stone storm sue summer sunny sydney terry theo till
		tony tracy trinity tyler ute verity victor victoria viola violet virginia wade ward wayne west will willow winter wolf woody zara zora alba alma ben
		max milan noel page roma sofia tara`)

	// honorifics stand before a person's name, and say so by themselves.
	honorifics = set(`mr mrs ms miss mx messrs dr prof professor doctor sir lady dame lord herr herrn frau fräulein monsieur madame mademoiselle mme mlle messieurs
		señor señora señorita sr sra srta don doña senhor senhora signor signora signorina sig dott dottor dottoressa ing avv maître maitre meneer mevrouw dhr mevr mw
		hr fru frk herra rouva pan pani paní bay bayan sayın ông bà bapak ibu encik puan cik datuk tan shri smt sri sheikh sayyid haji kyrios kyria rabbi reverend father sister brother
		господин госпожа г-н г-жа товарищ пан пані κύριος κυρία κ κος κα السيد السيدة العميد المقدم النقيب الفريق القاضي المحامي الوزير المدير المهندس الدكتور الدكتورة الأستاذ الأستاذة العقيد الرائد اللواء الشيخ מר גברת גב ד״ר श्री श्रीमती डॉ सुश्री`)
	// roles stand before a person's name, and before much else.
	roles = set(`agent officer inspector detective sergeant captain colonel major lieutenant commander commissioner minister ambassador senator counsel counselor counsellor attorney magistrate
		prosecutor constable superintendent judge justice deputy director president chairman chairwoman chair chief secretary undersecretary councillor delegate investigator
		analyst engineer manager admiral brigadier general corporal marshal sheriff trooper deputy-director solicitor barrister advocate notary adviser advisor liaison handler colleague employee contractor
		ministre commissaire capitaine colonel commandant juge procureur inspecteur agente comisario capitán coronel teniente juez fiscal inspector kommissar kommissarin hauptmann oberst richter richterin staatsanwalt staatsanwältin rechtsanwalt
		майор полковник капитан генерал подполковник следователь судья прокурор лейтенант`)
	// turkishTitles and the like stand behind a name.
	titlesBehind = set(`bey hanım hanim efendi ağabey úr asszony ji saheb sahib khan-sahib`)

	// contexts are words right before a name. A capitalised word behind one, alone, is
	// a name too if it is a word that lint does not know.
	contexts = set(`named called dear attn attention contact signed regards sincerely respectfully yours alias aka nickname surname surnamed né née c/o cc undersigned`)

	// says are what persons do, and what companies rarely do right behind their name.
	says = set(`said says told tells asked wrote writes phoned telephoned rang e-mailed emailed insisted threatened visited explained resigned whispered smiled laughed shouted apologised apologized
		shook nodded sat stood arrived introduced handed met spoke promised warned lives lived née aged born works worked married retired accompanied chaired attended joined texted messaged herself himself who whose whom`)

	// particles stand inside a name, in lower case.
	particles = set(`van von de da di do dos das del della dello degli du la le el al bin bint ibn ben abu ter ten zu zur zum af av y e i op 't`)

	// articles do so behind a particle: van der, de la.
	articles = set(`der den la las los el`)

	// notNames are words that are written with a capital letter and are no names of
	// persons: of organisations, offices, laws, places, days, and words that begin
	// sentences.
	notNames = set(`a an the this that these those it its he she we they i you our your their his her my me us them one two three four five six seven eight nine ten
		and or but nor so yet for of in on at by to from with without within after before since until during under over about against between through across per via than as if when while where why how what which who whom whose
		is are was were be been being am do does did has have had having will would shall should can could may might must not no yes none never always only also again still even each every all any some such both either neither other another more most less least many much few several
		there here then now today yesterday tomorrow later earlier first second third fourth last next new old same own
		january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
		monday tuesday wednesday thursday friday saturday sunday q1 q2 q3 q4
		act acts article articles section sections clause chapter part annex schedule code law laws bill regulation regulations rule rules order orders directive decree statute treaty convention charter constitution amendment title paragraph
		court courts tribunal chamber supreme high district circuit appeal appeals justice constitutional administrative federal national state regional municipal local central international european united general civil criminal common public private special
		ministry department directorate bureau agency office authority commission committee council board service services institute centre center corps command army navy force forces guard police intelligence security defence defense interior foreign home affairs treasury finance revenue customs communications telecommunications signals cyber technical assistance capability notice warrant letter
		president minister secretary director prosecutor attorney commissioner chancellor parliament senate house congress assembly cabinet government republic kingdom union nation nations states province county city town
		company companies corporation corp inc ltd llc plc gmbh ag sa bv nv oy ab as group holdings holding systems networks network software technologies technology devices semiconductors labs laboratories industries partners foundation trust bank media telecom mobile cloud data digital solutions electronics platform platforms tools identity works studio studios press university college school hospital
		accord pledge log statement request decision attestation challenge reply open slot charter entry receipt clause clauses signatory signatories secretariat operator witness auditor journalist counsel ciso legal team board staff engineering product products security trust safety transparency report reports policy policies
		north south east west northern southern eastern western upper lower middle near far inner outer
		windows linux android ios mac macos chrome firefox internet web email mail api sdk firmware router server servers client vpn tls ssl https http dns ip tcp udp usb sim pdf json zip excel word outlook teams slack zoom signal whatsapp telegram
		english french german spanish italian portuguese dutch russian chinese japanese korean arabic hebrew hindi turkish polish ukrainian greek swedish norwegian danish finnish british american australian canadian indian irish scottish welsh swiss austrian belgian brazilian mexican israeli iranian iraqi
		port saint mount lake fort cape san santa harbour harbor bay river valley street road avenue square hall house
		dear sir madam kind best regards sincerely yours faithfully respectfully attention contact signed thank thanks please hello hi subject re fw fwd note ps
		however therefore moreover furthermore nevertheless although because though thus hence meanwhile otherwise instead accordingly besides indeed according following concerning regarding given once twice upon whether
		your our ours mine yours hers theirs ourselves nobody everybody somebody anybody nothing something everything anything nowhere
		asked refused received answered told said wrote sent gave took made came went saw read heard found left kept held put set got let put see call ask tell say write send give take make come go
		access account accounts address addresses agreement annual answer application application-layer asia africa america europe atlantic pacific authority backdoor business case certificate chief chip claim compliance contract contractor control country customer customers cryptography date day days demand deputy deputies desk document documents encryption
		engineer engineers event evidence exchange executive exploit export external facility field file firm fix form further gate global half head headquarters human hundred implant incident information infrastructure interception internal investigation investigatory powers issue joint key keys key-escrow lawful lawyer lead licence license line list management manager market meeting member members message month months name names number officer officers official officials
		operation operations oversight patch period person persons phase plan point position power practice principle privacy procedure process programme program project proof protection protocol public purpose quarter question records reference registry release representative research response review right rights role root sample scope seal search sector secret section senior session signals signing site source spectrum standard star strategic supply support surveillance system target task telecoms term terms terminal test text thousand ticket time tool trade traffic training transport tribunal unit unknown update updates user users version vice view visit vulnerability week weeks withheld work working year years zero
		alpha beta gamma delta echo bravo charlie foxtrot tango sierra victor whiskey zulu red blue green black white grey gray golden silver orange purple
		austria germany france spain italy portugal belgium netherlands luxembourg ireland scotland wales england britain denmark norway sweden finland iceland poland czechia slovakia hungary romania bulgaria greece turkey ukraine russia belarus china japan korea taiwan india pakistan israel iran iraq egypt nigeria kenya brazil mexico canada australia zealand singapore malaysia indonesia vietnam thailand philippines
		london paris berlin brussels geneva vienna rome madrid washington york angeles francisco beijing shanghai tokyo seoul delhi mumbai moscow kyiv warsaw prague budapest athens dublin oslo stockholm copenhagen helsinki canberra sydney ottawa toronto
		llp lp kg kgaa se spa srl sarl sas assurance insurance gateway relay gericht verwaltungsgericht landgericht bundesgericht ministerium bundesministerium behörde amt bundesamt landesamt gesetz verordnung
		ministère tribunal cour conseil direction loi décret autorité agence ministerio centro nacional ley orgánica real decreto juzgado audiencia autoridad agencia dirección ministerstwo dowództwo dowództwa sąd urząd ustawa
		bakanlığı komutanlığı mahkemesi kanunu kurulu ministero tribunale corte garante autorità legge decreto ministério tribunal lei comissão министерство суд закон управление служба
		asteria borvania caldermark dorrenland eskarra`)

	// surnames of one character, by which names in Han characters are known.
	hanSurnames = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許邓鄧韩韓冯馮曹彭曾肖萧蕭田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鍾谭譚陆陸汪范金石廖贾賈夏韦韋付方白邹鄒孟熊秦邱江尹薛闫阎段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔向汤湯"
)
